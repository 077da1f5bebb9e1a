import Foundation
import NIOCore
import NIOPosix

/// One kind of load on Histories.
protocol HistoryLoad: Sendable {
    /// As results name it.
    var name: String { get }
    /// What is due per second; 0: as much as is answered.
    var rate: Double { get }
    /// What must be known before.
    mutating func prepare(_ system: HistoryUnderLoad) async throws
    /// Asks all that is due in the span, and counts what is due in its measured part.
    func run(_ system: HistoryUnderLoad, during span: LoadSpan) async throws -> LoadCount
}

/// Whom a load asks, and how.
struct HistoryUnderLoad: Sendable {
    let instances: [HistoryInstance]
    let caller: HistoryCaller
    let secret: Secret
}

/// When a load asks, in nanoseconds of the system's uptime: what comes before `measured` warms up.
struct LoadSpan: Sendable {
    let start: UInt64
    let measured: UInt64
    let end: UInt64

    init(warmUp: Double, seconds: Double) {
        self.start = NIODeadline.now().uptimeNanoseconds + 100_000_000
        self.measured = self.start + UInt64(warmUp * 1e9)
        self.end = self.measured + UInt64(seconds * 1e9)
    }

    /// When the one of number `number` is due.
    func due(_ number: Int, perSecond rate: Double) -> UInt64 { self.start + UInt64(Double(number) / rate * 1e9) }

    /// Waits on an event loop, whose timers are exact to some microseconds.
    static func pause(until time: UInt64) async throws {
        try await MultiThreadedEventLoopGroup.singleton.any()
            .scheduleTask(deadline: .uptimeNanoseconds(time)) {}.futureResult.get()
    }
}

/// What became of a load.
struct LoadCount: Sendable {
    /// What was done in the measured time.
    var done = 0
    /// What the answers of them held.
    var items = 0
    /// From when they were due, by kind.
    var latencies: [String: Histogram] = [:]
    /// Whenever: why.
    var errors: [String: Int] = [:]
    /// Whenever: what must be stored.
    var acknowledged = 0

    /// - Parameter items: in the answer.
    mutating func answered(_ kind: String, due: UInt64, at now: UInt64, items: Int, during span: LoadSpan) {
        guard due >= span.measured else { return }
        self.done += 1
        self.items += items
        self.latencies[kind, default: Histogram()].record(nanoseconds: now > due ? now - due : 0)
    }

    mutating func failed(_ error: any Error) {
        let why =
            switch error {
            case let error as UnexpectedAnswer: "status \(error.status)"
            default: "\(error)"
            }
        self.errors[why, default: 0] += 1
    }

    mutating func add(_ other: LoadCount) {
        self.done += other.done
        self.items += other.items
        self.acknowledged += other.acknowledged
        for (kind, histogram) in other.latencies { self.latencies[kind, default: Histogram()].add(histogram) }
        self.errors.merge(other.errors) { $0 + $1 }
    }
}
