import ChatAPI
import Foundation
import Hummingbird
import ServiceKit

/// What a member reads of their chatrooms.
struct ChatroomRoutes: Sendable {
    let chatList: ChatListStore
    let pages: PageStore
    let cursors: ReadCursorStore
    let marker: ReadMarker
    let profiles: ProfileCache
    let receipts: ReceiptCache

    /// Under `/api/history/chatrooms`.
    var routes: RouteCollection<AuthenticatedContext> {
        RouteCollection(context: AuthenticatedContext.self)
            .get(use: self.list)
            .get(":id/messages", use: self.messages)
            .put(":id/cursor", use: self.read)
            .get(":id/messages/:seq/readers", use: self.readers)
    }

    /// `GET /chatrooms` → the caller's chatrooms, the one with the newest message first.
    func list(request: Request, context: AuthenticatedContext) async throws -> ChatList {
        let query = try request.query
        let limit = try query.limit()
        let rows = try await self.chatList.chatrooms(
            of: context.user, after: try query.value("cursor"), limit: limit)
        let senders = await self.profiles.senders(of: rows.compactMap(\.last))
        return ChatList(
            chatrooms: rows.map { row in
                ChatList.Item(
                    chatroomId: row.chatroom, head: row.head, unread: row.unread, mentioned: row.mentioned,
                    last: row.last?.message(senders: senders))
            },
            next: rows.count == limit ? rows.last?.cursor.description : nil)
    }

    /// `GET /chatrooms/:id/messages?before=&after=&around=&limit=` → a page, ascending; the newest where no place is named.
    ///
    /// - Throws: ``HistoryError/chatroomNotFound`` (404).
    func messages(request: Request, context: AuthenticatedContext) async throws -> Response {
        let id = try context.parameters.require("id", as: ChatroomID.self)
        let query = try request.query
        let page = try await self.pages.page(
            of: id, at: try PagePlace(query: query), limit: try query.limit(), for: context.user)
        let senders = await self.profiles.senders(of: page.messages)
        var answer = JSONBytes(capacity: page.messages.count * 512 + 64)
        try answer.page(page.messages.lazy.compactMap { $0.message(senders: senders) }, head: page.head)
        return Response(json: ByteBuffer(bytes: answer.bytes))
    }

    /// `PUT /chatrooms/:id/cursor` → 200 and where the caller's read cursor is now.
    ///
    /// - Throws: ``HistoryError/chatroomNotFound`` (404).
    func read(request: Request, context: AuthenticatedContext) async throws -> ReadCursor {
        let id = try context.parameters.require("id", as: ChatroomID.self)
        let place = try await request.decode(as: ReadPlace.self, context: context)
        guard place.seq >= 0 else { throw RequestError.invalid("seq", "is below 0") }
        let item = MoveCursors.Item(userId: context.user, chatroomId: id, seq: place.seq)
        guard let cursor = try await self.marker.move([item])[0] else { throw HistoryError.chatroomNotFound }
        return cursor
    }

    /// `GET /chatrooms/:id/messages/:seq/readers` → the others in the chatroom since before the message: who has read it,
    /// the first first, and who has not; without those who do not let others see how far they have read. Who does not let
    /// others see it sees it of nobody.
    ///
    /// - Throws: ``HistoryError/messageNotFound`` (404).
    func readers(request: Request, context: AuthenticatedContext) async throws -> Readers {
        let all = try await self.cursors.readers(of: try context.messageID, for: context.user)
        let tellers = await self.receipts.tellers(among: Set(all.map(\.user) + [context.user]))
        let readers = tellers.contains(context.user) ? all.filter { tellers.contains($0.user) } : []
        let profiles = await self.profiles.profiles(of: Set(readers.map(\.user)))
        func profile(_ id: UserID) -> Profile { profiles[id] ?? Profile(id: id, username: "", nickname: "") }
        return Readers(
            readers: readers.compactMap { reader in
                reader.at.map { Readers.Item(user: profile(reader.user), at: $0) }
            },
            unread: readers.filter { $0.at == nil }.map { profile($0.user) })
    }
}

struct ChatList: ResponseEncodable {
    struct Item: Codable, Sendable {
        let chatroomId: ChatroomID
        let head: Seq
        let unread: Int64
        let mentioned: Bool
        let last: Message?
    }

    let chatrooms: [Item]
    let next: String?
}

struct Readers: ResponseEncodable {
    struct Item: Codable, Sendable {
        let user: Profile
        /// Since when they have read so far; they may have read this message earlier.
        let at: Timestamp
    }

    let readers: [Item]
    let unread: [Profile]
}

private struct ReadPlace: Decodable {
    let seq: Seq
}

extension ReadCursor: ResponseEncodable {}
