import Foundation
import Logging
import ServiceKit
import ServiceLifecycle

/// Removes, now and then, what counts no longer. Several instances may: each thing is removed once.
struct Upkeep: Service {
    let store: UpkeepStore
    let interval: Duration
    var clock: any Clock<Duration> = ContinuousClock()
    let logger: Logger
    let now: @Sendable () -> Date

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while (try? await self.clock.sleep(for: self.interval)) != nil {
                do {
                    try await self.store.tidy(now: self.now())
                } catch is CancellationError {
                    break
                } catch {
                    self.logger.warning("upkeep was not done", metadata: ["error": "\(error)"])
                }
            }
        }
    }
}
