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
    let media: MediaClient

    /// Under `/api/history/export`.
    var routes: RouteCollection<AuthenticatedContext> {
        RouteCollection(context: AuthenticatedContext.self).get(use: self.take)
    }

    /// `GET /export` → JSON lines, written as they are read: `{"kind":"profile",…}`, then each `friend`, each `chatroom` one
    /// is in, each `file` one has uploaded or sent, each `message` one has sent, each `favorite`, and last
    /// `{"kind":"end",…}` with the counts: without it something is missing.
    func take(request: Request, context: AuthenticatedContext) async throws -> Response {
        let user = context.user
        // What others must be asked for comes first, so that it is a refusal where they cannot answer.
        let memberships = try await self.social.memberships(of: user)
        let friends = try await self.social.friends(of: user, after: nil, limit: Self.page)
        let files = try await self.media.files(of: user, after: nil, limit: Self.page)
        let body = ResponseBody { writer in
            let senders = await self.profiles.profiles(of: [user])
            try await writer.write(try ExportLine(profile: senders[user]).bytes)
            var counts = ExportLine.Counts(chatrooms: memberships.count)
            counts.friends = try await self.writeFriends(of: user, from: friends, to: &writer)
            try await self.write(memberships.map { ExportLine(chatroom: $0) }, to: &writer)
            counts.files = try await self.writeFiles(of: user, from: files, to: &writer)
            counts.messages = try await self.writeMessages(of: user, to: &writer)
            counts.favorites = try await self.writeFavorites(of: user, to: &writer)
            try await writer.write(try ExportLine(end: counts).bytes)
            try await writer.finish(nil)
        }
        return Response(
            status: .ok,
            headers: [
                .contentType: "application/x-ndjson; charset=utf-8", .cacheControl: "no-store",
                .contentDisposition: "attachment; filename=\"teahouse.jsonl\"",
            ], body: body)
    }

    private func writeFriends(
        of user: UserID, from first: [KeptFriend], to writer: inout any ResponseBodyWriter
    ) async throws -> Int {
        var count = 0
        var page = first
        while true {
            let profiles = await self.profiles.profiles(of: Set(page.map(\.id)))
            try await self.write(page.map { ExportLine(friend: $0, profiles[$0.id]) }, to: &writer)
            count += page.count
            guard page.count == Self.page, let last = page.last else { return count }
            page = try await self.social.friends(of: user, after: last.id, limit: Self.page)
        }
    }

    private func writeFiles(
        of user: UserID, from first: [OwnedFile], to writer: inout any ResponseBodyWriter
    ) async throws -> Int {
        var count = 0
        var page = first
        while true {
            try await self.write(page.map { ExportLine(file: $0) }, to: &writer)
            count += page.count
            guard page.count == Self.page, let last = page.last else { return count }
            page = try await self.media.files(of: user, after: last.media.id, limit: Self.page)
        }
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
    struct Friend: Encodable {
        var user: Profile
        var remark: String?
        var since: Timestamp
    }

    /// Of the lines of each kind.
    struct Counts: Encodable {
        var friends = 0
        var chatrooms: Int
        var files = 0
        var messages = 0
        var favorites = 0
    }

    private enum Kind: String, Encodable {
        case profile, friend, chatroom, file, message, favorite, end
    }

    private var kind: Kind
    private var profile: Profile?
    private var friend: Friend?
    private var chatroom: Membership?
    private var file: MediaFile?
    /// Of a file.
    private var chatroomId: ChatroomID?
    private var message: Message?
    private var favorite: Favorite?
    private var counts: Counts?

    init(profile: Profile?) {
        self.kind = .profile
        self.profile = profile
    }

    init(friend: KeptFriend, _ profile: Profile?) {
        self.kind = .friend
        self.friend = Friend(
            user: profile ?? Profile(id: friend.id, username: "", nickname: ""), remark: friend.remark,
            since: friend.since)
    }

    init(chatroom: Membership) {
        self.kind = .chatroom
        self.chatroom = chatroom
    }

    init(file: OwnedFile) {
        self.kind = .file
        self.file = file.media
        self.chatroomId = file.chatroomId
    }

    init(message: Message) {
        self.kind = .message
        self.message = message
    }

    init(favorite: Favorite) {
        self.kind = .favorite
        self.favorite = favorite
    }

    init(end counts: Counts) {
        self.kind = .end
        self.counts = counts
    }

    var bytes: ByteBuffer {
        get throws { ByteBuffer(string: try JSONText.encode(self) + "\n") }
    }
}
