import ChatAPI
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import ServiceKit
import Synchronization

/// Auth, Social and Media as far as History asks them, in one listener.
final class OtherServices: Sendable {
    private struct State {
        var profiles: [UserID: Profile] = [:]
        var changes: [SocialChange] = []
        var media: [MediaID: MediaFile] = [:]
        var attached: [AttachMedia] = []
        var released: [ReleaseMedia.Item] = []
        var lookups: [[UserID]] = []
        var epoch = UUID()
        /// The feed's first rows, which are kept no longer.
        var trimmed = 0
        var secretive: Set<UserID> = []
        var friends: [UserID: [KeptFriend]] = [:]
        var files: [UserID: [OwnedFile]] = [:]
    }

    private let state = Mutex(State())

    var lookups: [[UserID]] { self.state.withLock { $0.lookups } }
    var attached: [AttachMedia] { self.state.withLock { $0.attached } }
    var released: [ReleaseMedia.Item] { self.state.withLock { $0.released } }

    func name(_ user: UserID, _ nickname: String) {
        let profile = Profile(id: user, username: nickname.lowercased(), nickname: nickname)
        self.state.withLock { $0.profiles[user] = profile }
    }

    /// They do not let others see how far they have read.
    func keepSecret(_ user: UserID) { self.state.withLock { _ = $0.secretive.insert(user) } }

    func add(_ media: MediaFile) { self.state.withLock { $0.media[media.id] = media } }

    func befriend(_ user: UserID, with friend: KeptFriend) {
        self.state.withLock { $0.friends[user, default: []].append(friend) }
    }

    func own(_ user: UserID, _ file: OwnedFile) { self.state.withLock { $0.files[user, default: []].append(file) } }

    /// What a restore of Social does: other epoch, fewer changes.
    func restore(to position: Int, epoch: UUID = UUID()) {
        self.state.withLock { state in
            state.epoch = epoch
            state.changes = Array(state.changes.prefix(position))
            state.trimmed = 0
        }
    }

    /// Removes all of Social's feed but its last rows.
    func trim(keeping count: Int) { self.state.withLock { $0.trimmed = $0.changes.count - count } }

    /// Of Social's feed.
    var epoch: UUID { self.state.withLock { $0.epoch } }

    /// - Returns: the position of the last.
    @discardableResult
    func change(_ changes: SocialChange...) -> Int64 {
        self.state.withLock { state in
            state.changes += changes
            return Int64(state.changes.count)
        }
    }

    /// - Parameter body: is given the URL at which all of them answer.
    func run<T: Sendable>(_ body: @Sendable (String) async throws -> T) async throws -> T {
        let router = Router(context: BasicRequestContext.self)
        router.post("internal/users/lookup") { request, context -> Response in
            let ids = try await request.decode(as: LookupUsers.self, context: context).ids
            let (users, secretive) = self.state.withLock { state in
                state.lookups.append(ids)
                return (ids.compactMap { state.profiles[$0] }, state.secretive.intersection(ids))
            }
            let privacy = secretive.map { UserPrivacy(user: $0, privacy: Privacy(receipts: false)) }
            return try Self.answer(LookupUsers.Answer(position: 0, users: users, privacy: privacy))
        }
        router.get("internal/changes") { request, _ -> Response in
            let after = Int64(request.uri.queryParameters["after"] ?? "0") ?? 0
            let (changes, trimmed) = self.state.withLock { ($0.changes, $0.trimmed) }
            let rows = changes.enumerated().dropFirst(trimmed).map {
                Change(position: Int64($0.offset + 1), what: $0.element)
            }
            return try Self.answer(
                Changes(epoch: self.epoch, position: Int64(changes.count), changes: rows.filter { $0.position > after })
            )
        }
        router.get("internal/chatrooms") { _, _ -> Response in
            // All changes are of some one chatroom as good as of another.
            let changes = self.state.withLock { $0.changes }
            return try Self.answer(
                MembershipSnapshot(
                    epoch: self.epoch, position: Int64(changes.count),
                    chatrooms: [MembershipSnapshot.Chatroom(id: ChatroomID(1), changes: changes)]))
        }
        router.post("internal/media/attach") { request, context -> Response in
            let attach = try await request.decode(as: AttachMedia.self, context: context)
            let file = self.state.withLock { state in
                state.attached.append(attach)
                return state.media[attach.mediaId]
            }
            guard let file else {
                return try Self.answer(ErrorBody(code: "media_not_found", message: "There is no such file."), .notFound)
            }
            return try Self.answer(AttachMedia.Answer(media: file))
        }
        router.post("internal/memberships") { request, context -> Response in
            let ids = try await request.decode(as: LookupMemberships.self, context: context).userIds
            let changes = self.state.withLock { $0.changes }
            let users = ids.map { user in
                UserMemberships(
                    id: user,
                    chatrooms: changes.compactMap { change in
                        guard case .directCreated(let chatroom, let members) = change, members.contains(user) else {
                            return nil
                        }
                        return Membership(id: chatroom, role: .member)
                    })
            }
            return try Self.answer(
                LookupMemberships.Answer(epoch: self.epoch, position: Int64(changes.count), users: users))
        }
        router.post("internal/friends/list") { request, context -> Response in
            let asked = try await request.decode(as: ListFriends.self, context: context)
            let friends = self.state.withLock { $0.friends[asked.userId] ?? [] }.sorted { $0.id < $1.id }
                .filter { friend in asked.after.map { friend.id > $0 } ?? true }
            return try Self.answer(ListFriends.Answer(friends: Array(friends.prefix(asked.limit))))
        }
        router.post("internal/media/list") { request, context -> Response in
            let asked = try await request.decode(as: ListFiles.self, context: context)
            let files = self.state.withLock { $0.files[asked.ownerId] ?? [] }
                .sorted { $0.media.id.uuidString < $1.media.id.uuidString }
                .filter { $0.media.id.uuidString > asked.after?.uuidString ?? "" }
            return try Self.answer(ListFiles.Answer(files: Array(files.prefix(asked.limit))))
        }
        router.post("internal/media/release") { request, context -> HTTPResponse.Status in
            let messages = try await request.decode(as: ReleaseMedia.self, context: context).messages
            self.state.withLock { $0.released += messages }
            return .noContent
        }
        let application = Application(router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)))
        return try await application.test(.live) { client in
            try await body("http://127.0.0.1:\(client.port ?? 0)")
        }
    }

    private static func answer(_ body: some Encodable, _ status: HTTPResponse.Status = .ok) throws -> Response {
        Response(
            status: status, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: try JSONEncoder().encode(body))))
    }
}
