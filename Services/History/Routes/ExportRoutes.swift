import ChatAPI
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceKit

/// One's own data, to take away.
struct ExportRoutes: Sendable {
    private static let page = 200

    let export: ExportStore
    let favorites: FavoriteStore
    let profiles: ProfileCache
    let social: SocialClient

    /// Under `/api/history/export`.
    var routes: RouteCollection<AuthenticatedContext> {
        RouteCollection(context: AuthenticatedContext.self).get(use: self.take)
    }

    /// `GET /export` → JSON lines, written as they are read: `{"kind":"profile",…}`, then each `chatroom` one is in, each
    /// `message` one has sent, each `favorite`, and last `{"kind":"end",…}` with the counts: without it something is
    /// missing.
    func take(request: Request, context: AuthenticatedContext) async throws -> Response {
        let user = context.user
        let memberships = try await self.social.memberships(of: user)
        let body = ResponseBody { writer in
            let senders = await self.profiles.profiles(of: [user])
            try await writer.write(try ExportLine(profile: senders[user]).bytes)
            for membership in memberships { try await writer.write(try ExportLine(chatroom: membership).bytes) }
            let messages = try await self.writeMessages(of: user, to: &writer)
            let favorites = try await self.writeFavorites(of: user, to: &writer)
            try await writer.write(try ExportLine(messages: messages, favorites: favorites).bytes)
            try await writer.finish(nil)
        }
        return Response(
            status: .ok,
            headers: [
                .contentType: "application/x-ndjson; charset=utf-8", .cacheControl: "no-store",
                .contentDisposition: "attachment; filename=\"teahouse.jsonl\"",
            ], body: body)
    }

    private func writeMessages(of user: UserID, to writer: inout any ResponseBodyWriter) async throws -> Int {
        var count = 0
        for chatroom in try await self.export.chatrooms(everOf: user) {
            var seq: Seq = 0
            while true {
                let entries = try await self.export.messages(of: user, in: chatroom, after: seq, limit: Self.page)
                let senders = await self.profiles.senders(of: entries)
                try await self.write(
                    entries.compactMap { $0.message(senders: senders).map { ExportLine(message: $0) } }, to: &writer)
                count += entries.count
                guard entries.count == Self.page, let last = entries.last else { break }
                seq = last.seq
            }
        }
        return count
    }

    private func writeFavorites(of user: UserID, to writer: inout any ResponseBodyWriter) async throws -> Int {
        var count = 0
        var cursor: FavoriteCursor?
        while true {
            let rows = try await self.favorites.favorites(
                of: user, containing: "", after: cursor, limit: Self.page)
            let senders = await self.profiles.senders(of: rows.map(\.message))
            try await self.write(
                rows.compactMap { Favorite($0, senders: senders).map { ExportLine(favorite: $0) } }, to: &writer)
            count += rows.count
            guard rows.count == Self.page, let last = rows.last else { return count }
            cursor = last.cursor
        }
    }

    private func write(_ lines: [ExportLine], to writer: inout any ResponseBodyWriter) async throws {
        var bytes = ByteBuffer()
        for line in lines { bytes.writeImmutableBuffer(try line.bytes) }
        if bytes.readableBytes > 0 { try await writer.write(bytes) }
    }
}

/// One line of an export; what it holds is named by its kind.
private struct ExportLine: Encodable {
    var kind: String
    var profile: Profile?
    var chatroom: Membership?
    var message: Message?
    var favorite: Favorite?
    var messages: Int?
    var favorites: Int?

    init(profile: Profile?) {
        self.kind = "profile"
        self.profile = profile
    }

    init(chatroom: Membership) {
        self.kind = "chatroom"
        self.chatroom = chatroom
    }

    init(message: Message) {
        self.kind = "message"
        self.message = message
    }

    init(favorite: Favorite) {
        self.kind = "favorite"
        self.favorite = favorite
    }

    init(messages: Int, favorites: Int) {
        self.kind = "end"
        self.messages = messages
        self.favorites = favorites
    }

    var bytes: ByteBuffer {
        get throws { ByteBuffer(string: try JSONText.encode(self) + "\n") }
    }
}
