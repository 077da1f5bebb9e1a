import ChatAPI
import Foundation
import HTTPTypes
import Hummingbird
import ServiceKit

/// The messages a user keeps.
struct FavoriteRoutes: Sendable {
    let favorites: FavoriteStore
    let profiles: ProfileCache

    /// Under `/api/history/favorites`.
    var routes: RouteCollection<AuthenticatedContext> {
        RouteCollection(context: AuthenticatedContext.self)
            .get(use: self.list)
            .post(use: self.add)
            .delete(":messageId", use: self.remove)
    }

    /// `GET /favorites?query=&cursor=` → the caller's favorites, the newest first.
    func list(request: Request, context: AuthenticatedContext) async throws -> FavoriteList {
        let query = try request.query
        let limit = try query.limit()
        let rows = try await self.favorites.favorites(
            of: context.user, containing: query.text("query") ?? "", after: try query.value("cursor"), limit: limit)
        let senders = await self.profiles.senders(of: rows.map(\.message))
        return FavoriteList(
            favorites: rows.compactMap { Favorite($0, senders: senders) },
            next: rows.count == limit ? rows.last?.cursor.description : nil)
    }

    /// `POST /favorites` → 201 and the favorite; 200 where it was one already.
    ///
    /// - Throws: ``HistoryError/messageNotFound`` (404).
    func add(request: Request, context: AuthenticatedContext) async throws -> Answer<Favorite> {
        let messageId = try await request.decode(as: NewFavorite.self, context: context).messageId
        let isNew = try await self.favorites.add(messageId, for: context.user)
        // Between the two the caller may have left, or thrown it away on another device.
        guard let row = try await self.favorites.favorite(messageId, of: context.user) else {
            throw HistoryError.messageNotFound
        }
        let senders = await self.profiles.senders(of: [row.message])
        guard let favorite = Favorite(row, senders: senders) else { throw HistoryError.messageNotFound }
        return Answer(favorite, status: isNew ? .created : .ok)
    }

    /// `DELETE /favorites/:messageId` → 204.
    ///
    /// - Throws: ``HistoryError/favoriteNotFound`` (404).
    func remove(request: Request, context: AuthenticatedContext) async throws -> NoContent {
        let messageId = try context.parameters.require("messageId", as: MessageID.self)
        try await self.favorites.remove(messageId, of: context.user)
        return NoContent()
    }
}

struct FavoriteList: ResponseEncodable {
    let favorites: [Favorite]
    let next: String?
}

/// A message somebody keeps. Of its chatroom History knows the id; name and avatar are Social's.
struct Favorite: Codable, Sendable {
    struct InChatroom: Codable, Sendable {
        let id: ChatroomID
    }

    let messageId: MessageID
    let message: Message
    let chatroom: InChatroom
    let createdAt: Timestamp

    init?(_ row: FavoriteRow, senders: [UserID: Sender]) {
        guard let message = row.message.message(senders: senders) else { return nil }
        self.messageId = message.id
        self.message = message
        self.chatroom = InChatroom(id: message.chatroomId)
        self.createdAt = row.createdAt
    }
}

private struct NewFavorite: Decodable {
    let messageId: MessageID
}
