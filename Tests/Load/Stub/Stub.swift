import ChatAPI
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Redis
import ServiceKit
import Synchronization

/// How long answers take.
struct Pace: Sendable {
    var history: Duration
    var other: Duration
    var item: Duration
    var slow: Double

    func wait(items: Int, stores: Bool) async throws {
        let time = ((stores ? self.history : self.other) + self.item * items) * self.slow
        if time > .zero { try await Task.sleep(for: time) }
    }
}

/// Auth, Social and History as far as Gateways and Histories ask them, on one port under `/auth`, `/social` and `/history`. Who is where
/// follows from the ids (``Crowd``); nobody's memberships ever change.
///
/// A `final class` with a `Mutex`: requests come on many threads.
final class Stub: Sendable {
    struct Count: Codable, Sendable {
        var calls = 0
        var items = 0
    }

    private struct State {
        var logs: [ChatroomID: StubLog] = [:]
        var counts: [String: Count] = [:]
    }

    private let signer: TokenSigner
    private let keys: [String]
    private let redis: Redis
    private let pace: Pace
    private let keep: Int
    private let epoch = UUID()
    /// Of Social's feed, in which nothing ever changes: to a database that another stub was asked for it is the same.
    private static let unchanging = UUID(uuid: (0, 0, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, 1))
    private let state = Mutex(State())

    init(secret: Secret, redis: Redis, pace: Pace, keep: Int) throws {
        self.signer = try secret.signer
        self.keys = ["gateway", "history", "social"].map { secret.serviceKey(of: $0) }
        self.redis = redis
        self.pace = pace
        self.keep = keep
    }

    var counts: [String: Count] { self.state.withLock { $0.counts } }

    var routes: Router<BasicRequestContext> {
        let router = Router(context: BasicRequestContext.self)
        router.add(middleware: KnownCallers(keys: self.keys))
        router.get("**") { request, _ in try await self.refuse(request) }
        router.post("**") { request, _ in try await self.refuse(request) }
        router.get("counts") { _, _ in try Self.json(self.counts) }
        router.get("auth/internal/snapshot") { _, _ in try await self.snapshot() }
        router.get("auth/internal/changes") { request, _ in
            try await self.changes(request, AuthChange.self, self.epoch)
        }
        router.post("auth/internal/users/lookup", use: self.lookupUsers)
        router.post("auth/internal/tokens/renew", use: self.renewTokens)
        router.get("social/internal/changes") { request, _ in
            try await self.changes(request, SocialChange.self, Self.unchanging)
        }
        router.post("social/internal/memberships", use: self.memberships)
        router.post("social/internal/friends", use: self.friends)
        router.post("history/internal/views", use: self.views)
        router.post("history/internal/heads", use: self.heads)
        router.post("history/internal/entries", use: self.entries)
        router.post("history/internal/messages", use: self.messages)
        router.post("history/internal/cursors", use: self.cursors)
        router.post("history/internal/caught-up", use: self.caughtUp)
        return router
    }

    /// Those written lately, as History's beacon names them; empty, it still says that the bus is alive.
    func publishHeads() {
        let heads = self.state.withLock { state in
            state.logs.filter { $0.value.writtenAt.duration(to: .now) < .seconds(10) }.map {
                "\"\($0.key)\":\($0.value.head)"
            }
        }
        self.redis.publishOnAll(BusChannel.heads, "{\(heads.joined(separator: ","))}")
    }

    private func count(_ path: String, items: Int, stores: Bool = false) async throws {
        self.state.withLock { state in
            state.counts[path, default: Count()].calls += 1
            state.counts[path, default: Count()].items += items
        }
        try await self.pace.wait(items: items, stores: stores)
    }

    /// Counted, so that what is missing here is seen.
    private func refuse(_ request: Request) async throws -> Response {
        try await self.count("not answered: \(request.uri.path)", items: 1)
        throw HTTPError(.notFound)
    }

    // MARK: Auth

    private func snapshot() async throws -> Response {
        try await self.count("auth snapshot", items: 1)
        return try Self.json(
            AuthSnapshot(
                epoch: self.epoch, position: 0, jwks: JSONWebKeySet(keys: [self.signer.publicKey]).text, revoked: []))
    }

    private func changes<What: Codable & Sendable>(
        _ request: Request, _ what: What.Type, _ epoch: UUID
    ) async throws -> Response {
        try Self.json(Changes<What>(epoch: epoch, position: 0, changes: []))
    }

    private func lookupUsers(request: Request, context: BasicRequestContext) async throws -> Response {
        let body = try await request.decode(as: LookupUsers.self, context: context)
        try await self.count("auth users", items: body.ids.count)
        let users = body.ids.map { Profile(id: $0, username: "user\($0)", nickname: "User \($0)") }
        return try Self.json(LookupUsers.Answer(position: 0, users: users))
    }

    private func renewTokens(request: Request, context: BasicRequestContext) async throws -> Response {
        let body = try await request.decode(as: RenewTokens.self, context: context)
        try await self.count("auth renewals", items: body.tokens.count)
        return try Self.json(RenewTokens.Answer(tokens: body.tokens))
    }

    // MARK: Social

    private func memberships(request: Request, context: BasicRequestContext) async throws -> Response {
        let body = try await request.decode(as: LookupMemberships.self, context: context)
        try await self.count("social memberships", items: body.userIds.count)
        let users = body.userIds.map { user in
            UserMemberships(
                id: user, chatrooms: Crowd.chatroom(of: user).map { [Membership(id: $0, role: .member)] } ?? [])
        }
        return try Self.json(LookupMemberships.Answer(epoch: Self.unchanging, position: 0, users: users))
    }

    /// Two and two are friends, and see each other come and go.
    private func friends(request: Request, context: BasicRequestContext) async throws -> Response {
        let body = try await request.decode(as: LookupFriends.self, context: context)
        try await self.count("social friends", items: body.userIds.count)
        return try Self.json(
            LookupFriends.Answer(users: body.userIds.map { UserFriends(id: $0, friends: [Crowd.friend(of: $0)]) }))
    }

    // MARK: History

    private func views(request: Request, context: BasicRequestContext) async throws -> Response {
        let body = try await request.decode(as: LookupViews.self, context: context)
        try await self.count("history views", items: body.userIds.count)
        let users = self.state.withLock { state in
            body.userIds.map { user in
                let view = Crowd.chatroom(of: user).map {
                    ChatroomView(id: $0, head: state.logs[$0]?.head ?? 0, from: 1, joined: 0)
                }
                return UserViews(id: user, chatrooms: view.map { [$0] } ?? [])
            }
        }
        return try Self.json(LookupViews.Answer(epoch: self.epoch, position: 0, users: users))
    }

    private func heads(request: Request, context: BasicRequestContext) async throws -> Response {
        let body = try await request.decode(as: LookupHeads.self, context: context)
        try await self.count("history heads", items: body.chatroomIds.count)
        let heads = self.state.withLock { state in
            body.chatroomIds.reduce(into: [ChatroomID: Seq]()) { $0[$1] = state.logs[$1]?.head }
        }
        return try Self.json(LookupHeads.Answer(epoch: self.epoch, heads: heads))
    }

    private func entries(request: Request, context: BasicRequestContext) async throws -> Response {
        let body = try await request.decode(as: LookupEntries.self, context: context)
        try await self.count("history entries", items: body.ranges.count)
        let ranges = self.state.withLock { state in
            body.ranges.map { range in
                let head = state.logs[range.chatroomId]?.head ?? 0
                let entries =
                    state.logs[range.chatroomId]?.entries(
                        after: range.after, upTo: range.upTo ?? head, limit: range.limit) ?? []
                return LookupEntries.Entries(
                    chatroomId: range.chatroomId, head: head, entries: entries,
                    more: range.after + Seq(entries.count) < head)
            }
        }
        return try Self.json(LookupEntries.Answer(epoch: self.epoch, ranges: ranges))
    }

    /// As History: stored first, then published in the order of the log, then answered.
    private func messages(request: Request, context: BasicRequestContext) async throws -> Response {
        let body = try await request.decode(as: AppendMessages.self, context: context)
        try await self.count("history messages", items: body.messages.count, stores: true)
        let results = self.state.withLock { state in
            body.messages.map { item in
                guard Crowd.chatroom(of: item.senderId) == item.chatroomId else {
                    return AppendMessages.Result(
                        error: ErrorBody(code: "chatroom_not_found", message: "There is no such chatroom."))
                }
                let (receipt, text) = state.logs[item.chatroomId, default: StubLog()].append(item, keep: self.keep)
                // Under the lock, which keeps the order.
                if let text { self.redis.publish(BusChannel.chatroom(item.chatroomId), text) }
                return AppendMessages.Result(receipt: receipt)
            }
        }
        return try Self.json(AppendMessages.Answer(results: results))
    }

    private func cursors(request: Request, context: BasicRequestContext) async throws -> Response {
        let body = try await request.decode(as: MoveCursors.self, context: context)
        try await self.count("history cursors", items: body.cursors.count, stores: true)
        return try Self.json(MoveCursors.Answer(cursors: body.cursors.map(\.seq)))
    }

    private func caughtUp(request: Request, context: BasicRequestContext) async throws -> Response {
        let body = try await request.decode(as: AwaitFeed.self, context: context)
        return try Self.json(AwaitFeed.Answer(position: body.position))
    }

    private static func json(_ body: some Encodable) throws -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: try JSONEncoder.teahouse.encode(body))))
    }
}

/// 401 for whoever shows no key of this run, so that one with the wrong secret is found out.
private struct KnownCallers: RouterMiddleware {
    typealias Context = BasicRequestContext
    let keys: [String]

    func handle(
        _ request: Request, context: BasicRequestContext,
        next: (Request, BasicRequestContext) async throws -> Response
    ) async throws -> Response {
        guard let bearer = request.bearer, self.keys.contains(bearer) else { throw HTTPError(.unauthorized) }
        return try await next(request, context)
    }
}
