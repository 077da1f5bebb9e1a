import ChatAPI
import Logging
import Postgres
import ServiceKit
import ServiceLifecycle

/// Keeps the search index less than a second behind the logs, without a part in any send. While messages wait to be stored,
/// they go first: it then works a quarter of the time, and may fall behind.
///
/// An `actor`, as what is still to be done is kept between two rounds. Several instances may run: a chatroom's part of the
/// index has a lock.
actor SearchIndexer: Service {
    private static let interval = Duration.milliseconds(300)
    /// As long as a batch of messages may take between its time and its commit, and some more.
    private static let window = Duration.seconds(10)
    /// How often all chatrooms are looked at, also those in which nothing was written lately.
    private static let completeInterval = Duration.seconds(60)
    private static let chatroomsAtOnce = 50

    private let index: SearchIndexStore
    private let clock: any Clock<Duration>
    private let logger: Logger
    private let isBusy: @Sendable () -> Bool
    /// Of one chatroom in one statement: fewer after a round that failed, as one of many long messages may take too long.
    private var entriesAtOnce = SearchIndexStore.maxEntries
    private var lastRound: ContinuousClock.Instant?
    private var lastComplete: ContinuousClock.Instant?

    /// - Parameter isBusy: whether messages wait to be stored.
    init(
        index: SearchIndexStore, clock: any Clock<Duration> = ContinuousClock(), logger: Logger,
        isBusy: @escaping @Sendable () -> Bool = { false }
    ) {
        self.index = index
        self.clock = clock
        self.logger = logger
        self.isBusy = isBusy
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while (try? await self.clock.sleep(for: Self.interval)) != nil {
                do {
                    try await self.round()
                } catch is CancellationError {
                    break
                } catch {
                    self.logger.warning("the search index could not be filled", metadata: ["error": "\(error)"])
                }
            }
        }
    }

    /// Takes in all that there is now. Where it fails, the next round reaches back to the last that did not.
    func round() async throws {
        do {
            try await self.takeAll()
            self.entriesAtOnce = min(self.entriesAtOnce * 2, SearchIndexStore.maxEntries)
        } catch {
            self.entriesAtOnce = max(self.entriesAtOnce / 8, 1)
            throw error
        }
    }

    private func takeAll() async throws {
        let start = ContinuousClock.now
        let isComplete = self.lastComplete.map { start - $0 >= Self.completeInterval } ?? true
        while true {
            // A round may last: what was written since it began counts too.
            let reach = Self.window + (ContinuousClock.now - (self.lastRound ?? start))
            let behind = try await self.index.chatroomsBehind(writtenInLast: isComplete ? nil : reach)
            if behind.isEmpty { break }
            for first in stride(from: 0, to: behind.count, by: Self.chatroomsAtOnce) {
                var chatrooms = Array(behind[first..<min(first + Self.chatroomsAtOnce, behind.count)])
                while !chatrooms.isEmpty {
                    let begun = ContinuousClock.now
                    chatrooms = try await self.index.index(chatrooms, entries: self.entriesAtOnce)
                    if self.isBusy() { try await self.clock.sleep(for: (ContinuousClock.now - begun) * 3) }
                }
            }
        }
        self.lastRound = start
        if isComplete { self.lastComplete = start }
    }
}
