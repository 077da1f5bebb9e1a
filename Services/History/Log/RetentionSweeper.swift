import Logging
import Postgres
import ServiceKit
import ServiceLifecycle

/// Frees, now and then, what chatrooms keep no longer. Several instances may: each entry is freed once.
struct RetentionSweeper: Service {
    private let store: RetentionStore
    private let releaser: MediaReleaser
    private let interval: Duration
    private let clock: any Clock<Duration>
    private let logger: Logger

    init(
        store: RetentionStore, releaser: MediaReleaser, interval: Duration,
        clock: any Clock<Duration> = ContinuousClock(), logger: Logger
    ) {
        self.store = store
        self.releaser = releaser
        self.interval = interval
        self.clock = clock
        self.logger = logger
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while (try? await self.clock.sleep(for: self.interval)) != nil {
                do {
                    try await self.sweep()
                } catch is CancellationError {
                    break
                } catch {
                    self.logger.warning("old messages could not be freed", metadata: ["error": "\(error)"])
                }
            }
        }
    }

    /// Frees all that is old now.
    func sweep() async throws {
        while true {
            let chatrooms = try await self.store.chatroomsWithOld()
            if chatrooms.isEmpty { return }
            for chatroom in chatrooms { while try await self.store.free(chatroom) {} }
            self.releaser.poke()
        }
    }
}
