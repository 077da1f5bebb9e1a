import ChatAPI
import Foundation
import HTTPTypes
import Logging
import Metrics
import ServiceLifecycle
import Synchronization

/// How far a reader has come in a change feed.
package struct FeedPosition: Hashable, Sendable {
    package var epoch: UUID
    package var position: Int64

    package init(epoch: UUID, position: Int64) {
        self.epoch = epoch
        self.position = position
    }
}

/// Follows the change feed of another service: asks every 500 ms, and at once when poked by a hint; hands each change on,
/// in order, once.
///
/// Starts from a snapshot, and does so again when the feed's epoch changes or rows are missing: positions may have been
/// given twice. A `final class` with a `Mutex`; one task reads, any may wait.
package final class ChangeFeedReader<What: Codable & Sendable>: Service {
    package typealias Fetch = @Sendable (_ after: Int64, _ limit: Int) async throws -> Changes<What>
    package typealias Restart = @Sendable () async throws -> FeedPosition
    package typealias Apply = @Sendable ([Change<What>]) async throws -> Void

    private struct State {
        var position: FeedPosition?
        /// The highest position a hint has named.
        var hinted: Int64 = 0
        var lastRead: ContinuousClock.Instant?
        var waiting: [UInt64: (position: Int64, continuation: CheckedContinuation<Void, Never>)] = [:]
        var nextID: UInt64 = 0
    }

    private let name: String
    private let interval: Duration
    private let limit: Int
    private let clock: any Clock<Duration>
    private let restart: Restart
    private let fetch: Fetch
    private let apply: Apply
    private let logger: Logger
    private let state = Mutex(State())
    private let wakes: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation
    private let age: Gauge

    /// - Parameters:
    ///   - restart: loads a snapshot, or for a reader that keeps its own place tells where that is; answers the position
    ///     from which the feed is followed.
    ///   - fetch: the feed's rows above a position.
    ///   - apply: takes rows in order. Where it throws they come again.
    package init(
        name: String, interval: Duration = .milliseconds(500), limit: Int = 500,
        clock: any Clock<Duration> = ContinuousClock(), logger: Logger, restart: @escaping Restart,
        fetch: @escaping Fetch, apply: @escaping Apply
    ) {
        self.name = name
        self.interval = interval
        self.limit = limit
        self.clock = clock
        self.logger = logger
        self.restart = restart
        self.fetch = fetch
        self.apply = apply
        (self.wakes, self.wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        self.age = Gauge(label: "feed_age_seconds", dimensions: [("feed", name)])
    }

    /// Reads `GET /internal/changes` of a service.
    package convenience init(
        of client: ServiceClient, interval: Duration = .milliseconds(500), limit: Int = 500,
        clock: any Clock<Duration> = ContinuousClock(), logger: Logger, restart: @escaping Restart,
        apply: @escaping Apply
    ) {
        self.init(
            name: client.service, interval: interval, limit: limit, clock: clock, logger: logger, restart: restart,
            fetch: { after, limit in try await client.call(.get, "/internal/changes?after=\(after)&limit=\(limit)") },
            apply: apply)
    }

    /// How far the reader has come; `nil` before its first snapshot.
    package var position: FeedPosition? { self.state.withLock { $0.position } }

    /// Time since the feed was last read to its end; `nil` before the first time.
    package var sinceRead: Duration? { self.state.withLock { $0.lastRead.map { ContinuousClock.now - $0 } } }

    /// Where this reader is, for operators.
    package var status: ServiceStatus.Feed {
        let position = self.position
        return ServiceStatus.Feed(
            of: self.name, epoch: position?.epoch, position: position?.position,
            ageSeconds: self.sinceRead.map { $0 / .seconds(1) })
    }

    /// A hint: there is something up to this position. Wakes the reader unless it is there already.
    package func poke(_ position: Int64) {
        let isNews = self.state.withLock { state in
            state.hinted = max(state.hinted, position)
            return state.position.map { $0.position < position } ?? true
        }
        if isNews { self.wake.yield() }
    }

    /// Wakes the reader.
    package func poke() { self.wake.yield() }

    /// Waits until the reader has applied everything up to a position.
    ///
    /// - Returns: how far it has come; below what was asked for when the time is over.
    package func waitUntil(position: Int64, timeout: Duration) async -> Int64 {
        if let now = self.position?.position, now >= position { return now }
        self.poke(position)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.arrival(at: position) }
            group.addTask { [clock] in try? await clock.sleep(for: timeout) }
            await group.next()
            group.cancelAll()
        }
        return self.position?.position ?? 0
    }

    package func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [clock, interval, wake] in
                while !Task.isCancelled {
                    try? await clock.sleep(for: interval)
                    wake.yield()
                }
            }
            self.wake.yield()
            for await _ in self.wakes.cancelOnGracefulShutdown() {
                do {
                    try await self.read()
                } catch is CancellationError {
                    break
                } catch {
                    self.logger.warning(
                        "a change feed could not be read", metadata: ["feed": "\(self.name)", "error": "\(error)"])
                }
                self.age.record((self.sinceRead ?? .zero) / .seconds(1))
            }
            group.cancelAll()
        }
    }

    /// Reads the feed to its end, once. What ``run()`` does each time; tests call it themselves. Not to be called twice at
    /// a time.
    package func read() async throws {
        var position = try await self.start()
        var restarts = 0
        while true {
            let answer = try await self.fetch(position.position, self.limit)
            let follows =
                answer.changes.first.map { $0.position == position.position + 1 }
                ?? (answer.position <= position.position)
            if answer.epoch != position.epoch || !follows || answer.position < position.position {
                self.logger.notice("a change feed starts anew", metadata: ["feed": "\(self.name)"])
                restarts += 1
                guard restarts < 3 else { throw ServiceUnavailable(service: self.name, reason: "its feed has holes") }
                position = try await self.begin()
                continue
            }
            if !answer.changes.isEmpty {
                try await self.apply(answer.changes)
                position.position = answer.changes[answer.changes.count - 1].position
                self.arrive(at: position)
            }
            if position.position >= answer.position { break }
        }
        self.state.withLock { $0.lastRead = .now }
    }

    private func start() async throws -> FeedPosition {
        if let position = self.position { return position }
        return try await self.begin()
    }

    private func begin() async throws -> FeedPosition {
        let position = try await self.restart()
        self.arrive(at: position)
        return position
    }

    private func arrive(at position: FeedPosition) {
        let arrived = self.state.withLock { state in
            state.position = position
            let arrived = state.waiting.filter { $0.value.position <= position.position }
            for id in arrived.keys { state.waiting[id] = nil }
            return arrived
        }
        for waiter in arrived.values { waiter.continuation.resume() }
    }

    private func arrival(at position: Int64) async {
        let id = self.state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDone = self.state.withLock { state in
                    if Task.isCancelled || state.position.map({ $0.position >= position }) ?? false { return true }
                    state.waiting[id] = (position, continuation)
                    return false
                }
                if isDone { continuation.resume() }
            }
        } onCancel: {
            self.state.withLock { $0.waiting.removeValue(forKey: id) }?.continuation.resume()
        }
    }
}
