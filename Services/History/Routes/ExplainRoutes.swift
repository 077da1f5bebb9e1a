import ChatAPI
import Foundation
import Hummingbird
import ServiceKit

/// What is known here of one entry, for operators, under `/internal`.
struct ExplainRoutes: Sendable {
    /// Of this process.
    let instance: String
    let store: ExplainStore
    let published: Recent<MessageID>

    var routes: RouteCollection<OperatorContext> {
        RouteCollection(context: OperatorContext.self)
            .get("explain/:id", use: self.explain)
            .get("explain", use: self.find)
    }

    /// `GET /internal/explain/:id` → 200, where the entry is stored and whether this instance published it.
    ///
    /// - Throws: ``HistoryError/messageNotFound`` (404).
    func explain(request: Request, context: OperatorContext) async throws -> Answer<ExplainedEntry> {
        try await self.explain(try context.parameters.require("id", as: MessageID.self))
    }

    /// `GET /internal/explain?chatroomId=&senderId=&clientId=` → 200, the same for the message that its sender
    /// called so.
    ///
    /// - Throws: ``HistoryError/messageNotFound`` (404).
    func find(request: Request, context: OperatorContext) async throws -> Answer<ExplainedEntry> {
        let query = try request.query
        let chatroom = try query.require("chatroomId", as: ChatroomID.self)
        let sender = try query.require("senderId", as: UserID.self)
        guard let client = UUID(uuidString: try query.require("clientId", as: String.self)) else {
            throw RequestError.invalid("clientId", "is not a UUID")
        }
        guard let seq = try await self.store.seq(in: chatroom, sentBy: sender, as: client) else {
            throw HistoryError.messageNotFound
        }
        return try await self.explain(MessageID(chatroom: chatroom, seq: seq))
    }

    private func explain(_ id: MessageID) async throws -> Answer<ExplainedEntry> {
        guard let entry = try await self.store.envelope(of: id) else { throw HistoryError.messageNotFound }
        return Answer(
            ExplainedEntry(
                instance: self.instance, id: id, kind: entry.kind, senderId: entry.sender, clientId: entry.client,
                createdAt: entry.createdAt, head: entry.head, publishedAt: self.published.time { $0 == id },
                remembersSince: self.published.since))
    }
}
