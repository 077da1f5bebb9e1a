import ChatAPI
import Foundation
import Hummingbird
import ServiceKit

/// What a member does to messages that are there.
struct ChangeRoutes: Sendable {
    let changer: MessageChanger
    let profiles: ProfileCache
    let rules: MessageRules

    /// Under `/api/history/chatrooms`.
    var routes: RouteCollection<AuthenticatedContext> {
        RouteCollection(context: AuthenticatedContext.self)
            .patch(":id/messages/:seq", use: self.edit)
            .delete(":id/messages/:seq", use: self.recall)
            .put(":id/messages/:seq/reactions/:emoji", use: self.react)
            .delete(":id/messages/:seq/reactions/:emoji", use: self.unreact)
    }

    /// `PATCH /chatrooms/:id/messages/:seq` `{content}` → 200 and the message as it is now. One's own only.
    ///
    /// - Throws: ``HistoryError/messageNotFound`` (404), ``HistoryError/forbidden`` (403),
    ///   ``HistoryError/messageRecalled`` (409).
    func edit(request: Request, context: AuthenticatedContext) async throws -> Answer<Message> {
        let id = try context.messageID
        let content = try await request.decode(as: Edit.self, context: context).content
        try self.rules.check(edited: content)
        return try await self.apply(.edit(content), to: id, context)
    }

    /// `DELETE /chatrooms/:id/messages/:seq` → 204: what it said is gone for everybody. One's own within the window;
    /// owners and admins any and always.
    ///
    /// - Throws: ``HistoryError/messageNotFound`` (404), ``HistoryError/forbidden`` (403),
    ///   ``HistoryError/tooLateToRecall`` (409).
    func recall(request: Request, context: AuthenticatedContext) async throws -> NoContent {
        _ = try await self.changer.apply(.recall, to: try context.messageID, by: context.user)
        return NoContent()
    }

    /// `PUT /chatrooms/:id/messages/:seq/reactions/:emoji` → 200 and the message as it is now.
    ///
    /// - Throws: ``HistoryError/messageNotFound`` (404), ``HistoryError/forbidden`` (403),
    ///   ``HistoryError/messageRecalled`` and ``HistoryError/tooManyReactions`` (409).
    func react(request: Request, context: AuthenticatedContext) async throws -> Answer<Message> {
        let emoji = try Emoji(context.parameters.text("emoji"))
        return try await self.apply(.react(emoji), to: try context.messageID, context)
    }

    /// `DELETE /chatrooms/:id/messages/:seq/reactions/:emoji` → 200 and the message as it is now.
    ///
    /// - Throws: ``HistoryError/messageNotFound`` (404).
    func unreact(request: Request, context: AuthenticatedContext) async throws -> Answer<Message> {
        let emoji = try Emoji(context.parameters.text("emoji"))
        return try await self.apply(.unreact(emoji), to: try context.messageID, context)
    }

    private func apply(_ wish: MessageWish, to id: MessageID, _ context: AuthenticatedContext) async throws
        -> Answer<Message>
    {
        let entry = try await self.changer.apply(wish, to: id, by: context.user)
        let senders = await self.profiles.senders(of: [entry])
        guard let message = entry.message(senders: senders) else { throw HistoryError.messageNotFound }
        return Answer(message)
    }
}

private struct Edit: Decodable {
    let content: String
}

extension AuthenticatedContext {
    /// The message that the path names by `:id` and `:seq`.
    var messageID: MessageID {
        get throws {
            let chatroom = try self.parameters.require("id", as: ChatroomID.self)
            // A seq is a number of the same form as an id.
            return MessageID(chatroom: chatroom, seq: try self.parameters.require("seq", as: ChatroomID.self).rawValue)
        }
    }
}
