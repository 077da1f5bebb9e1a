import Logging
import ServiceKit
import ServiceLifecycle

/// Ends, now and then, what has waited too long, and removes what counts no longer. Several instances may: each thing is
/// done once.
struct Upkeep: Service {
    let requests: FriendRequestStore
    let store: UpkeepStore
    let interval: Duration
    var clock: any Clock<Duration> = ContinuousClock()
    let logger: Logger
    /// Told the position of Social's feed after what it tells of.
    let announce: @Sendable (_ position: Int64?) -> Void

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while (try? await self.clock.sleep(for: self.interval)) != nil {
                do {
                    try await self.tidy()
                } catch is CancellationError {
                    break
                } catch {
                    self.logger.warning("upkeep was not done", metadata: ["error": "\(error)"])
                }
            }
        }
    }

    /// All there is to do now.
    func tidy() async throws {
        while true {
            let expired = try await self.requests.expire(limit: 500)
            self.announce(expired.position)
            if expired.value < 500 { break }
        }
        try await self.store.tidy()
    }
}
