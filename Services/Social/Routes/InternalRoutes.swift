import ChatAPI
import Hummingbird
import Postgres
import ServiceKit

/// `/internal`: what the other services ask.
struct InternalRoutes: Sendable {
    let memberships: MembershipStore
    let friends: FriendStore
    let lastSeen: LastSeenStore

    var routes: RouteCollection<InternalContext> {
        RouteCollection(context: InternalContext.self)
            .post("memberships", use: self.lookUpMemberships)
            .post("members", use: self.lookUpMembers)
            .post("friends", use: self.lookUpFriends)
            .post("friends/list", use: self.listFriends)
            .get("changes", use: self.changes)
            .add(middleware: AllowedCallers(.gateway, .history))
            .get("chatrooms", use: self.snapshot)
            .post("last-seen", use: self.noteLastSeen)
    }

    /// The most that may be asked for in one call: so many rows still come in one answer in good time.
    private static let maxIDs = 1000

    /// `POST /internal/memberships` → 200: one entry per user asked for, in order.
    func lookUpMemberships(
        request: Request, context: InternalContext
    ) async throws -> LookupMemberships.Answer {
        let body = try await request.decode(as: LookupMemberships.self, context: context)
        guard body.userIds.count <= Self.maxIDs else { throw RequestError.invalid("userIds", "are too many") }
        return try await self.memberships.memberships(of: body.userIds)
    }

    /// `POST /internal/members` → 200: one entry per chatroom asked for, in order.
    func lookUpMembers(request: Request, context: InternalContext) async throws -> LookupMembers.Answer {
        let body = try await request.decode(as: LookupMembers.self, context: context)
        guard body.chatroomIds.count <= Self.maxIDs else { throw RequestError.invalid("chatroomIds", "are too many") }
        return try await self.memberships.members(of: body.chatroomIds)
    }

    /// `POST /internal/friends` → 200: one entry per user asked for, in order.
    func lookUpFriends(request: Request, context: InternalContext) async throws -> LookupFriends.Answer {
        let body = try await request.decode(as: LookupFriends.self, context: context)
        guard body.userIds.count <= Self.maxIDs else { throw RequestError.invalid("userIds", "are too many") }
        let friends = try await self.friends.visibleFriends(of: body.userIds)
        return LookupFriends.Answer(users: body.userIds.map { UserFriends(id: $0, friends: friends[$0] ?? []) })
    }

    /// `GET /internal/chatrooms?after=&limit=` → 200: who is in which chatroom, in the order of their ids.
    func snapshot(request: Request, context: InternalContext) async throws -> MembershipSnapshot {
        let query = try request.query
        return try await self.memberships.snapshot(
            after: try query.value("after") ?? 0, limit: try query.limit(default: 100, atMost: 500))
    }

    /// `POST /internal/last-seen` → 204.
    func noteLastSeen(request: Request, context: InternalContext) async throws -> NoContent {
        let body = try await request.decode(as: NoteLastSeen.self, context: context)
        guard body.users.count <= Self.maxIDs else { throw RequestError.invalid("users", "are too many") }
        try await self.lastSeen.note(body.users)
        return NoContent()
    }

    /// `POST /internal/friends/list` → 200: somebody's friends above the last one seen.
    func listFriends(request: Request, context: InternalContext) async throws -> ListFriends.Answer {
        let body = try await request.decode(as: ListFriends.self, context: context)
        guard (1...Self.maxIDs).contains(body.limit) else { throw RequestError.invalid("limit", "is not 1 to 1000") }
        let friends = try await self.friends.friends(of: body.userId, after: body.after, limit: body.limit)
        return ListFriends.Answer(
            friends: friends.map { KeptFriend(id: $0.user, remark: $0.remark, since: $0.since) })
    }

    /// `GET /internal/changes?after=&limit=` → 200: the rows above `after`, oldest first.
    func changes(request: Request, context: InternalContext) async throws -> Changes<SocialChange> {
        let query = try request.query
        let after = try query.require("after", as: Int64.self)
        return try await self.memberships.changes(after: after, limit: try query.limit(default: 500, atMost: 1000))
    }
}
