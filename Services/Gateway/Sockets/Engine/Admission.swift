import NIOCore
import Synchronization

/// Counts what is under way, and says when there is enough: asked before anything is spent on a handshake.
///
/// `Sendable`: atomics, and a `Mutex` around the rate.
final class Admission: Sendable {
    /// Sessions alive.
    let sessions = Atomic<Int>(0)
    /// Sessions that have not joined a namespace yet.
    let underWay = Atomic<Int>(0)
    /// TCP connections.
    let connections = Atomic<Int>(0)
    private let isClosed = Atomic<Bool>(false)
    private let rate: Mutex<TokenBucket>
    private let addresses: Mutex<AddressBuckets>
    private let limitsAddresses: Bool
    private let maxSessions: Int
    private let maxUnderWay: Int

    init(_ configuration: SocketConfiguration) {
        self.maxSessions = configuration.maxSessions
        self.maxUnderWay = configuration.maxHandshakesUnderWay
        self.rate = Mutex(TokenBucket(perSecond: configuration.maxHandshakesPerSecond))
        self.addresses = Mutex(AddressBuckets(perSecond: configuration.maxHandshakesPerAddress))
        self.limitsAddresses = configuration.maxHandshakesPerAddress > 0
    }

    func close() { self.isClosed.store(true, ordering: .relaxed) }

    /// Why one more handshake from there may not be made now; `nil` lets it in.
    func refusal(now: NIODeadline, address: @autoclosure () -> String) -> EngineRefusal? {
        guard !self.isClosed.load(ordering: .relaxed), self.sessions.load(ordering: .relaxed) < self.maxSessions,
            self.underWay.load(ordering: .relaxed) < self.maxUnderWay
        else { return .overloaded }
        if self.limitsAddresses {
            let address = address()
            guard self.addresses.withLock({ $0.take(address, now: now) }) else { return .tooManyRequests }
        }
        return self.rate.withLock { $0.take(now: now) } ? nil : .overloaded
    }
}

/// So many a second, and so many at once.
struct TokenBucket: Sendable {
    private let perSecond: Double
    private let capacity: Double
    private var tokens: Double
    private var filled: NIODeadline?

    /// `burst`: as many as in a second unless told.
    init(perSecond: Int, burst: Int? = nil) {
        self.perSecond = Double(max(1, perSecond))
        self.capacity = Double(max(1, burst ?? perSecond))
        self.tokens = self.capacity
    }

    mutating func take(now: NIODeadline) -> Bool {
        self.fill(now: now)
        guard self.tokens >= 1 else { return false }
        self.tokens -= 1
        return true
    }

    /// Nothing was taken for so long that it is as good as new.
    mutating func isFull(now: NIODeadline) -> Bool {
        self.fill(now: now)
        return self.tokens >= self.capacity
    }

    private mutating func fill(now: NIODeadline) {
        if let filled = self.filled {
            let seconds = Double((now - filled).nanoseconds) / 1e9
            self.tokens = min(self.capacity, self.tokens + max(0, seconds) * self.perSecond)
        }
        self.filled = now
    }
}

/// A bucket for each address that has come lately.
struct AddressBuckets: Sendable {
    private static let sweepEvery = 10_000
    private let perSecond: Int
    private var buckets: [String: TokenBucket] = [:]
    private var untilSweep = Self.sweepEvery

    init(perSecond: Int) { self.perSecond = perSecond }

    var count: Int { self.buckets.count }

    mutating func take(_ address: String, now: NIODeadline) -> Bool {
        self.untilSweep -= 1
        if self.untilSweep <= 0 { self.sweep(now: now) }
        let key = Self.network(of: address)
        return self.buckets[key, default: TokenBucket(perSecond: self.perSecond, burst: self.perSecond * 5)]
            .take(now: now)
    }

    /// Forgets who has not come for so long that a new bucket is the same: within five seconds everybody.
    private mutating func sweep(now: NIODeadline) {
        self.buckets = self.buckets.filter { _, bucket in
            var bucket = bucket
            return !bucket.isFull(now: now)
        }
        self.untilSweep = Self.sweepEvery
    }

    /// One customer commonly has 64 bits of IPv6 addresses.
    private static func network(of address: String) -> String {
        guard address.utf8.contains(UInt8(ascii: ":")),
            case .v6(let parsed)? = try? SocketAddress(ipAddress: address, port: 0)
        else { return address }
        // A `sockaddr_in6`: family, port, flow, then the address.
        let bytes = withUnsafeBytes(of: parsed.address) { Array($0.dropFirst(8).prefix(16)) }
        // `::ffff:192.0.2.1` is an IPv4 address.
        return bytes.prefix(10).allSatisfy { $0 == 0 } ? address : "\(bytes.prefix(8))"
    }
}
