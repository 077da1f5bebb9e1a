import ChatAPI
import HTTPTypes
import Logging
import Redis
import ServiceKit

/// Tells the others that something has changed. They would find it in the feed anyway, a little later: so nothing here
/// ever fails a call.
struct ChangeAnnouncer: Sendable {
    let redis: Redis
    let history: ServiceClient
    let logger: Logger

    /// How long an answer to the person who made a change waits until it has its place in the log.
    static let patience = Duration.seconds(1)

    /// Hints that the feed has come so far; `nil`: nothing has changed.
    func announce(_ position: Int64?) {
        guard let position else { return }
        self.redis.publish(BusChannel.socialChanges, "\(position)")
    }

    /// Hints, and waits until History has applied the change, so that what the caller does next finds it done there.
    func settle(_ position: Int64?) async {
        guard let position else { return }
        self.announce(position)
        do {
            let asked = AwaitFeed(feed: "social", position: position)
            let answer: AwaitFeed.Answer = try await self.history.call(
                .post, "/internal/caught-up", asked, timeout: Self.patience)
            guard answer.position < position else { return }
            self.logger.notice("history is behind", metadata: ["wanted": "\(position)", "has": "\(answer.position)"])
        } catch {
            self.logger.notice(
                "history was not waited for", metadata: ["position": "\(position)", "error": "\(error)"])
        }
    }
}
