import ChatAPI
import Hummingbird
import ServiceKit

/// `/api/social/friends`: who one's friends are, and what one calls them.
struct FriendRoutes: Sendable {
    let friends: FriendStore
    let blocks: BlockStore
    let profiles: ProfileClient
    let presence: PresenceReader
    let announcer: ChangeAnnouncer

    var routes: RouteCollection<AuthenticatedContext> {
        RouteCollection(context: AuthenticatedContext.self)
            .get(use: self.list)
            .patch(":userId", use: self.setRemark)
            .delete(":userId", use: self.remove)
    }

    /// `GET /friends?query=&limit=&cursor=` → 200, in the order of their ids; `query` is found in names and remarks.
    func list(request: Request, context: AuthenticatedContext) async throws -> FriendList {
        let query = try request.query
        let limit = try query.limit()
        let search = query.search
        let page = try await Page<Friend, UserID>.read(
            after: try query.value("cursor"), limit: limit, chunk: search == nil ? limit + 1 : 200, cursorOf: \.user
        ) {
            try await self.friends.friends(of: context.user, after: $0, limit: $1)
        } present: { records in
            let profiles = try await self.profiles.profiles(records.map(\.user))
            let online = try await self.online(among: records.map(\.user), seenBy: context.user)
            return records.map { record in
                guard let profile = profiles[record.user] else { return nil }
                if let search, !profile.matches(search), record.remark?.matches(search) != true { return nil }
                return record.seen(with: profile, online: online.contains(record.user))
            }
        }
        return FriendList(friends: page.items, next: page.next?.description)
    }

    /// `{remark}`; `null` or an empty one takes it back.
    private struct Remark: Decodable {
        var remark: String?
    }

    /// `PATCH /friends/:userId` → 200 and the friend.
    ///
    /// - Throws: ``SocialError/friendNotFound`` (404).
    func setRemark(request: Request, context: AuthenticatedContext) async throws -> Answer<Friend> {
        let friend = try context.parameters.require("userId", as: UserID.self)
        let body = try await request.decode(as: Remark.self, context: context)
        guard friend != context.user else { throw SocialError.friendNotFound }
        let remark = body.remark?.isEmpty == false ? try body.remark?.checkedName("remark") : nil
        let record = try await self.friends.setRemark(remark, of: friend, by: context.user)
        let online = try await self.online(among: [friend], seenBy: context.user)
        return Answer(record.seen(with: try await self.profiles.profile(friend), online: online.contains(friend)))
    }

    /// `DELETE /friends/:userId` → 204.
    ///
    /// - Throws: ``SocialError/friendNotFound`` (404).
    func remove(request: Request, context: AuthenticatedContext) async throws -> NoContent {
        let friend = try context.parameters.require("userId", as: UserID.self)
        guard friend != context.user else { throw SocialError.friendNotFound }
        let removed = try await self.friends.remove(friend, by: context.user)
        self.announcer.announce(removed.position)
        return NoContent()
    }

    /// Those of one's friends who are online; a block hides the two from each other.
    private func online(among friends: [UserID], seenBy user: UserID) async throws -> Set<UserID> {
        let online = await self.presence.online(among: friends)
        guard !online.isEmpty else { return [] }
        return online.subtracting(try await self.blocks.blocked(between: user, and: Array(online)))
    }
}

/// The answer of `GET /friends`.
struct FriendList: ResponseCodable {
    var friends: [Friend]
    var next: String?
}
