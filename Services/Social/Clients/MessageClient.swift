import ChatAPI
import HTTPTypes
import ServiceKit

/// Messages, as History shows them to one person.
struct MessageClient: Sendable {
    let history: ServiceClient

    /// - Throws: ``SocialError/messageNotFound`` for what the user may not see, or is no message.
    func message(_ id: MessageID, seenBy user: UserID) async throws -> SeenMessage {
        let answer: LookupSeenMessage.Answer = try await self.history.call(
            .post, "/internal/messages/seen", LookupSeenMessage(userId: user, messageId: id))
        guard let message = answer.message else { throw SocialError.messageNotFound }
        return message
    }
}
