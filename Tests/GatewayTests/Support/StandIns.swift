import ChatAPI
import Foundation
import Hummingbird
import HTTPTypes
import Logging
import NIOCore
import Redis
import ServiceKit
import Synchronization
import TestServers

/// Social, History and Auth, as far as the Gateway asks them: one log per chatroom, feeds, tokens. In memory, on one port
/// under `/social`, `/history`, `/auth`.
final class StandIns: Sendable {
    struct Room: Sendable {
        /// With the seq at which they came in.
        var members: [UserID: Seq] = [:]
        /// Each as it goes on the bus.
        var log: [String] = []
        var receipts: [UUID: MessageReceipt] = [:]
    }

    struct State: Sendable {
        var rooms: [ChatroomID: Room] = [:]
        var social: [SocialChange] = []
        var auth: [AuthChange] = []
        var friends: [UserID: [UserID]] = [:]
        /// Of those who have another privacy than the usual.
        var privacy: [UserID: Privacy] = [:]
        /// When Gateways have last seen somebody online.
        var lastSeen: [UserID: Timestamp] = [:]
        /// What was asked of read cursors, one for each item of a call.
        var cursors: [MoveCursors.Item] = []
        /// History's, and Social's.
        var epoch = StandIns.epoch
        var socialEpoch = StandIns.epoch
        /// Of each call for entries: how many ranges, and how many entries were answered.
        var entryCalls: [(ranges: Int, entries: Int)] = []
        /// The most entries answered of one range, whatever was asked for.
        var maxEntries = Int.max
        /// How often each path was asked.
        var calls: [String: Int] = [:]
        /// Paths that answer 503.
        var failing: Set<String> = []
        /// Hints that are not published.
        var isMute = false
    }

    static let epoch = UUID()
    let signer = TokenSigner(kid: "one")
    let state = Mutex(State())
    /// Called with a path before its answer is made, and with `after <path>` before it leaves: for what happens in the
    /// middle of something.
    let hook = Mutex<(@Sendable (String) async -> Void)?>(nil)
    private let redis: Redis

    init(redisURL: String) throws { self.redis = try Redis(urls: [redisURL], logger: .tests) }

    // MARK: What happens in this world

    /// - Parameter age: how long ago it was signed.
    func token(
        _ user: UserID, session: SessionID = UUID(), age: Duration = .zero, life: Duration = .seconds(3_600)
    ) throws -> String {
        let now = Timestamp.now
        return try self.signer.sign(
            TokenClaims(
                user: user, session: session,
                issuedAt: Timestamp(milliseconds: now.milliseconds - Int64(age / .milliseconds(1))),
                expiresAt: Timestamp(milliseconds: now.milliseconds + Int64(life / .milliseconds(1)))))
    }

    /// A chatroom with members who are there from the beginning.
    func makeRoom(_ id: ChatroomID, _ members: UserID...) {
        self.state.withLock { state in
            state.rooms[id] = Room(members: Dictionary(uniqueKeysWithValues: members.map { ($0, 0) }))
        }
    }

    /// Stores an entry and publishes it.
    @discardableResult
    func say(_ text: String, in id: ChatroomID, publish: Bool = true) -> Seq {
        self.append(to: id, publish: publish) { seq in
            "[\"message\",{\"id\":\"\(id).\(seq)\",\"chatroomId\":\(id),\"seq\":\(seq),\"content\":\"\(text)\"}]"
        }
    }

    /// Social's change, History's entry, both hints.
    func add(_ user: UserID, to id: ChatroomID) {
        self.append(to: id, passage: "+\(user) ", before: { $0.members[user] = Seq($0.log.count + 1) }) { seq in
            "[\"change\",{\"id\":\"\(id).\(seq)\",\"chatroomId\":\(id),\"seq\":\(seq),\"kind\":\"system\",\"action\":\"added\"}]"
        }
        self.socialChange(.memberAdded(chatroom: id, user: user, by: user, role: .member, showsHistory: false))
    }

    func remove(_ user: UserID, from id: ChatroomID) {
        self.append(to: id, passage: "-\(user) ", before: { $0.members[user] = nil }) { seq in
            "[\"change\",{\"id\":\"\(id).\(seq)\",\"chatroomId\":\(id),\"seq\":\(seq),\"kind\":\"system\",\"action\":\"removed\"}]"
        }
        self.socialChange(.memberRemoved(chatroom: id, user: user, by: user))
    }

    func socialChange(_ change: SocialChange) {
        let position = self.state.withLock { state in
            state.social.append(change)
            return state.social.count
        }
        self.redis.publish(BusChannel.socialChanges, "\(position)")
    }

    /// What a restore of History does: other epoch, shorter logs.
    func restoreHistory(_ rooms: ChatroomID..., to seq: Seq) {
        self.state.withLock { state in
            state.epoch = UUID()
            for id in rooms {
                guard let log = state.rooms[id]?.log else { continue }
                state.rooms[id]?.log = Array(log.prefix(Int(seq)))
            }
        }
    }

    /// What a restore of Social does: other epoch, fewer changes, and memberships as they were.
    func restoreSocial(to position: Int, _ memberships: (inout [ChatroomID: Room]) -> Void) {
        self.state.withLock { state in
            state.socialEpoch = UUID()
            state.social.removeLast(state.social.count - position)
            memberships(&state.rooms)
        }
    }

    func revoke(_ session: SessionID, of user: UserID) {
        let until = Timestamp(milliseconds: Timestamp.now.milliseconds + 3_600_000)
        let position = self.state.withLock { state in
            state.auth.append(.sessionRevoked(RevokedSession(session: session, user: user, until: until)))
            return state.auth.count
        }
        self.redis.publish(BusChannel.authChanges, "\(position)")
    }

    /// Auth's change, and its hint.
    func setPrivacy(_ privacy: Privacy, of user: UserID) {
        let position = self.state.withLock { state in
            state.privacy[user] = privacy
            state.auth.append(.privacy(UserPrivacy(user: user, privacy: privacy)))
            return state.auth.count
        }
        self.redis.publish(BusChannel.authChanges, "\(position)")
    }

    func befriend(_ one: UserID, _ others: UserID...) {
        self.state.withLock { state in
            for other in others {
                state.friends[one, default: []].append(other)
                state.friends[other, default: []].append(one)
            }
        }
    }

    /// What an operator, or another node, does to Redis.
    func redis(_ command: String...) async throws { _ = try await self.redis.command(command, key: command[0]) }

    /// The beacon, once.
    func beacon() {
        let heads = self.state.withLock { $0.rooms.map { "\"\($0.key)\":\($0.value.log.count)" } }
        self.redis.publishOnAll(BusChannel.heads, "{\(heads.joined(separator: ","))}")
    }

    /// A beacon that names nothing, every second, so that no Gateway takes itself for deaf in a test that takes long.
    func pulse() async {
        while !Task.isCancelled {
            self.redis.publishOnAll(BusChannel.heads, "{}")
            try? await Task.sleep(for: .seconds(1))
        }
    }

    func publish(_ id: ChatroomID, _ text: String) { self.redis.publish(BusChannel.chatroom(id), text) }

    func calls(of path: String) -> Int { self.state.withLock { $0.calls[path] ?? 0 } }

    @discardableResult
    private func append(
        to id: ChatroomID, publish: Bool = true, passage: String = "", before: (inout Room) -> Void = { _ in },
        _ event: (Seq) -> String
    ) -> Seq {
        // Publishing under the lock keeps the order of the log.
        self.state.withLock { state in
            before(&state.rooms[id, default: Room()])
            let seq = Seq(state.rooms[id, default: Room()].log.count + 1)
            let text = "\(seq) \(passage)\(event(seq))"
            state.rooms[id]?.log.append(text)
            if publish, !state.isMute { self.publish(id, text) }
            return seq
        }
    }

    // MARK: How it answers

    func close() async { await self.redis.close() }

    var routes: Router<BasicRequestContext> {
        let router = Router(context: BasicRequestContext.self)
        router.add(middleware: Hooks(standIns: self))
        router.get("auth/internal/snapshot", use: self.snapshot)
        router.get("auth/internal/changes", use: self.authChanges)
        router.post("auth/internal/users/lookup", use: self.lookupUsers)
        router.post("auth/internal/tokens/renew", use: self.renewTokens)
        router.get("social/internal/changes", use: self.socialChanges)
        router.post("social/internal/memberships", use: self.memberships)
        router.post("social/internal/friends", use: self.friends)
        router.post("social/internal/last-seen", use: self.noteLastSeen)
        router.post("history/internal/cursors", use: self.cursors)
        router.post("history/internal/views", use: self.views)
        router.post("history/internal/heads", use: self.heads)
        router.post("history/internal/entries", use: self.entries)
        router.post("history/internal/messages", use: self.messages)
        router.post("history/internal/caught-up", use: self.caughtUp)
        return router
    }

    /// Counts, lets a test act in the middle, fails where it should.
    struct Hooks: RouterMiddleware {
        let standIns: StandIns

        func handle(
            _ request: Request, context: BasicRequestContext,
            next: (Request, BasicRequestContext) async throws -> Response
        ) async throws -> Response {
            let path = request.uri.path
            let fails = self.standIns.state.withLock { state in
                state.calls[path, default: 0] += 1
                return state.failing.contains(path)
            }
            if fails { throw HTTPError(.serviceUnavailable) }
            let hook = self.standIns.hook.withLock { $0 }
            await hook?(path)
            let response = try await next(request, context)
            await hook?("after \(path)")
            return response
        }
    }

    private func snapshot(request: Request, context: BasicRequestContext) throws -> Response {
        try Self.json(
            AuthSnapshot(
                epoch: Self.epoch, position: Int64(self.state.withLock { $0.auth.count }),
                jwks: JSONWebKeySet(keys: [self.signer.publicKey]).text, revoked: []))
    }

    private func authChanges(request: Request, context: BasicRequestContext) throws -> Response {
        try Self.changes(self.state.withLock { $0.auth }, of: Self.epoch, request)
    }

    private func socialChanges(request: Request, context: BasicRequestContext) throws -> Response {
        let (changes, epoch) = self.state.withLock { ($0.social, $0.socialEpoch) }
        return try Self.changes(changes, of: epoch, request)
    }

    private func lookupUsers(request: Request, context: BasicRequestContext) async throws -> Response {
        let body = try await request.decode(as: LookupUsers.self, context: context)
        let users = body.ids.map { Profile(id: $0, username: "user\($0)", nickname: "User \($0)") }
        let (privacy, position) = self.state.withLock { ($0.privacy, Int64($0.auth.count)) }
        return try Self.json(
            LookupUsers.Answer(
                position: position, users: users,
                privacy: body.ids.compactMap { id in privacy[id].map { UserPrivacy(user: id, privacy: $0) } }))
    }

    private func renewTokens(request: Request, context: BasicRequestContext) async throws -> Response {
        let body = try await request.decode(as: RenewTokens.self, context: context)
        let verifier = TokenVerifier()
        try verifier.load(jwks: JSONWebKeySet(keys: [self.signer.publicKey]).text, revoked: [])
        let tokens = try body.tokens.map { old -> String? in
            let claims = try verifier.verify(old)
            return try self.token(claims.user, session: claims.session, life: .seconds(7_200))
        }
        return try Self.json(RenewTokens.Answer(tokens: tokens))
    }

    private func memberships(request: Request, context: BasicRequestContext) async throws -> Response {
        let body = try await request.decode(as: LookupMemberships.self, context: context)
        let answer = self.state.withLock { state in
            LookupMemberships.Answer(
                epoch: state.socialEpoch, position: Int64(state.social.count),
                users: body.userIds.map { user in
                    let rooms = state.rooms.filter { $0.value.members[user] != nil }.keys
                    return UserMemberships(id: user, chatrooms: rooms.map { Membership(id: $0, role: .member) })
                })
        }
        return try Self.json(answer)
    }

    private func friends(request: Request, context: BasicRequestContext) async throws -> Response {
        let body = try await request.decode(as: LookupFriends.self, context: context)
        let friends = self.state.withLock { $0.friends }
        return try Self.json(
            LookupFriends.Answer(users: body.userIds.map { UserFriends(id: $0, friends: friends[$0] ?? []) }))
    }

    private func noteLastSeen(request: Request, context: BasicRequestContext) async throws -> Response {
        let body = try await request.decode(as: NoteLastSeen.self, context: context)
        self.state.withLock { state in for user in body.users { state.lastSeen[user.id] = user.at } }
        return Response(status: .noContent)
    }

    private func cursors(request: Request, context: BasicRequestContext) async throws -> Response {
        let body = try await request.decode(as: MoveCursors.self, context: context)
        let cursors = self.state.withLock { state in
            state.cursors += body.cursors
            return body.cursors.map { item -> Seq? in
                guard let room = state.rooms[item.chatroomId], room.members[item.userId] != nil else { return nil }
                return min(item.seq, Seq(room.log.count))
            }
        }
        for (item, seq) in zip(body.cursors, cursors) {
            guard let seq else { continue }
            let (room, user) = (item.chatroomId, item.userId)
            self.publish(room, "0 [\"read\",{\"chatroomId\":\(room),\"userId\":\(user),\"seq\":\(seq)}]")
        }
        return try Self.json(MoveCursors.Answer(cursors: cursors))
    }

    private func views(request: Request, context: BasicRequestContext) async throws -> Response {
        let body = try await request.decode(as: LookupViews.self, context: context)
        let answer = self.state.withLock { state in
            LookupViews.Answer(
                epoch: state.epoch, position: Int64(state.social.count),
                users: body.userIds.map { user in
                    UserViews(
                        id: user,
                        chatrooms: state.rooms.compactMap { id, room in
                            room.members[user].map { joined in
                                ChatroomView(id: id, head: Seq(room.log.count), from: max(joined, 1), joined: joined)
                            }
                        })
                })
        }
        return try Self.json(answer)
    }

    private func heads(request: Request, context: BasicRequestContext) async throws -> Response {
        let body = try await request.decode(as: LookupHeads.self, context: context)
        let answer = self.state.withLock { state in
            LookupHeads.Answer(
                epoch: state.epoch,
                heads: body.chatroomIds.reduce(into: [:]) { heads, id in
                    heads[id] = state.rooms[id].map { Seq($0.log.count) }
                })
        }
        return try Self.json(answer)
    }

    private func entries(request: Request, context: BasicRequestContext) async throws -> Response {
        let body = try await request.decode(as: LookupEntries.self, context: context)
        let answer = self.state.withLock { state in
            let ranges = body.ranges.map { range in
                let log = state.rooms[range.chatroomId]?.log ?? []
                let end = min(
                    Int(range.upTo ?? Seq(log.count)), log.count, Int(range.after) + min(range.limit, state.maxEntries))
                let part = Int(range.after) < end ? Array(log[Int(range.after)..<end]) : []
                return LookupEntries.Entries(
                    chatroomId: range.chatroomId, head: Seq(log.count), entries: part, more: end < log.count)
            }
            state.entryCalls.append((ranges.count, ranges.reduce(0) { $0 + $1.entries.count }))
            return LookupEntries.Answer(epoch: state.epoch, ranges: ranges)
        }
        return try Self.json(answer)
    }

    private func messages(request: Request, context: BasicRequestContext) async throws -> Response {
        let body = try await request.decode(as: AppendMessages.self, context: context)
        let results = body.messages.map { item -> AppendMessages.Result in
            if let known = self.state.withLock({ $0.rooms[item.chatroomId]?.receipts[item.clientId] }) {
                return AppendMessages.Result(receipt: known)
            }
            guard self.state.withLock({ $0.rooms[item.chatroomId]?.members[item.senderId] }) != nil else {
                return AppendMessages.Result(error: ErrorBody(code: "chatroom_not_found", message: "None."))
            }
            let seq = self.say(item.message.content, in: item.chatroomId)
            let receipt = MessageReceipt(id: MessageID(chatroom: item.chatroomId, seq: seq), seq: seq, createdAt: .now)
            self.state.withLock { $0.rooms[item.chatroomId]?.receipts[item.clientId] = receipt }
            return AppendMessages.Result(receipt: receipt)
        }
        return try Self.json(AppendMessages.Answer(results: results))
    }

    private func caughtUp(request: Request, context: BasicRequestContext) async throws -> Response {
        let body = try await request.decode(as: AwaitFeed.self, context: context)
        return try Self.json(AwaitFeed.Answer(position: body.position))
    }

    private static func changes<What: Codable & Sendable>(
        _ all: [What], of epoch: UUID, _ request: Request
    ) throws -> Response {
        let after = request.uri.queryParameters.get("after", as: Int.self) ?? 0
        let limit = request.uri.queryParameters.get("limit", as: Int.self) ?? 100
        let rows = all.enumerated().dropFirst(after).prefix(limit).map {
            Change(position: Int64($0.offset + 1), what: $0.element)
        }
        return try self.json(Changes(epoch: epoch, position: Int64(all.count), changes: Array(rows)))
    }

    private static func json(_ body: some Encodable) throws -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: try JSONEncoder().encode(body))))
    }
}
