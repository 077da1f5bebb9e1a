import Logging
import ServiceLifecycle
import Synchronization

/// Something that must be done once before a service is ready; tried until it succeeds.
final class Preparation: Service {
    private let name: String
    private let logger: Logger
    private let clock: any Clock<Duration>
    private let work: @Sendable () async throws -> Void
    private let done = Atomic<Bool>(false)

    init(
        name: String, logger: Logger, clock: any Clock<Duration> = ContinuousClock(),
        work: @escaping @Sendable () async throws -> Void
    ) {
        self.name = name
        self.logger = logger
        self.clock = clock
        self.work = work
    }

    var isDone: Bool { self.done.load(ordering: .acquiring) }

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            while !self.isDone {
                do {
                    try await self.work()
                    self.done.store(true, ordering: .releasing)
                } catch let error as CannotStart {
                    throw error
                } catch is CancellationError {
                    return
                } catch {
                    self.logger.warning("not prepared yet", metadata: ["what": "\(self.name)", "error": "\(error)"])
                    do { try await self.clock.sleep(for: .seconds(1)) } catch { return }
                }
            }
        }
        // A service that returns before the end would end the group.
        try? await gracefulShutdown()
    }
}
