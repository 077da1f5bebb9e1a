import ChatAPI
import Hummingbird
import ServiceKit

/// `/api/social/chatrooms/:id/members`.
struct MemberRoutes: Sendable {
    let members: MemberStore
    let acquaintances: Acquaintances
    let profiles: ProfileClient
    let sight: Sight
    let announcer: ChangeAnnouncer

    var routes: RouteCollection<AuthenticatedContext> {
        RouteCollection(context: AuthenticatedContext.self)
            .get(use: self.list)
            .post(use: self.add)
            .patch(":userId", use: self.update)
            .delete(":userId", use: self.remove)
    }

    /// `GET /chatrooms/:id/members?limit=&cursor=` → 200, in the order of their ids.
    ///
    /// - Throws: ``SocialError/chatroomNotFound`` to strangers.
    func list(request: Request, context: AuthenticatedContext) async throws -> MemberList {
        let id = try context.parameters.require("id", as: ChatroomID.self)
        let query = try request.query
        let limit = try query.limit()
        let page = try await Page<Member, UserID>.read(
            after: try query.value("cursor"), limit: limit, chunk: limit + 1, cursorOf: \.user
        ) {
            try await self.members.members(of: id, for: context.user, after: $0, limit: $1)
        } present: {
            try await self.seen($0, by: context.user)
        }
        return MemberList(members: page.items, next: page.next?.description)
    }

    /// The people by ids, or one by name.
    private struct Addition: Decodable {
        var userIds: [UserID]?
        var username: String?
    }

    /// `POST /chatrooms/:id/members` → 200 and those named, who are members now, also if they were before.
    ///
    /// - Throws: ``SocialError/chatroomNotFound``; ``SocialError/friendNotFound`` where one is no friend of the caller;
    ///   ``SocialError/forbidden`` where there is a block between the two, and in a direct one;
    ///   ``SocialError/chatroomFull``.
    func add(request: Request, context: AuthenticatedContext) async throws -> MemberList {
        let id = try context.parameters.require("id", as: ChatroomID.self)
        let body = try await request.decode(as: Addition.self, context: context)
        // A stranger learns nothing but this, whatever was asked for.
        _ = try await self.members.role(of: context.user, in: id)
        let users = try await self.users(in: body)
        guard users.count <= self.members.maxMembers else { throw SocialError.chatroomFull }
        let present = Set(try await self.members.members(of: id, among: users).map(\.user))
        try await self.acquaintances.checkMayAdd(users.filter { !present.contains($0) }, by: context.user)
        let added = try await self.members.add(users, to: id, by: context.user)
        await self.announcer.settle(added.position)
        return MemberList(members: try await self.seen(added.value, by: context.user).compactMap { $0 })
    }

    private func users(in body: Addition) async throws -> [UserID] {
        switch (body.userIds, body.username) {
        case (let ids?, nil) where !ids.isEmpty: Set(ids).sorted()
        case (nil, let username?): [try await self.profiles.profile(username: username).id]
        default: throw RequestError.invalid("userIds", "must be given, or else username")
        }
    }

    /// `{role?, mutedUntil?}`: `null` ends the mute.
    private struct Update: Decodable {
        var role: Role?
        var mutedUntil: Nullable<Timestamp>?

        func checked() throws(RequestError) -> MemberUpdate {
            guard self.role != .owner else { throw .invalid("role", "must be admin or member") }
            return MemberUpdate(role: self.role, mutedUntil: self.mutedUntil.map(\.value))
        }
    }

    /// `PATCH /chatrooms/:id/members/:userId` → 200 and the member as they are now.
    ///
    /// - Throws: ``SocialError/chatroomNotFound``, ``SocialError/memberNotFound``; ``SocialError/forbidden`` unless the
    ///   caller stands above the member, and for a role, is the owner.
    func update(request: Request, context: AuthenticatedContext) async throws -> Answer<Member> {
        let id = try context.parameters.require("id", as: ChatroomID.self)
        let member = try context.parameters.require("userId", as: UserID.self)
        let update = try await request.decode(as: Update.self, context: context).checked()
        let changed = try await self.members.update(member, in: id, with: update, by: context.user)
        await self.announcer.settle(changed.position)
        guard let seen = try await self.seen([changed.value], by: context.user)[0] else {
            throw SocialError.userNotFound
        }
        return Answer(seen)
    }

    /// `DELETE /chatrooms/:id/members/:userId` → 204: removed, or left where it is oneself.
    ///
    /// - Throws: ``SocialError/chatroomNotFound``, ``SocialError/memberNotFound``; ``SocialError/forbidden`` unless the
    ///   caller stands above the member; ``SocialError/ownerCannotLeave``.
    func remove(request: Request, context: AuthenticatedContext) async throws -> NoContent {
        let id = try context.parameters.require("id", as: ChatroomID.self)
        let member = try context.parameters.require("userId", as: UserID.self)
        let removed = try await self.members.remove(member, from: id, by: context.user)
        await self.announcer.settle(removed.position)
        return NoContent()
    }

    private func seen(_ records: [MemberRecord], by user: UserID) async throws -> [Member?] {
        let people = try await self.profiles.people(records.map(\.user))
        let (_, online) = try await self.sight.look(at: people, by: user)
        return records.map { record in
            people[record.user].map { record.seen(with: $0.profile, online: online.contains(record.user)) }
        }
    }
}

/// The answer of `GET /chatrooms/:id/members`.
struct MemberList: ResponseCodable {
    var members: [Member]
    var next: String?
}
