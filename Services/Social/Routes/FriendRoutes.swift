import ChatAPI
import Hummingbird
import ServiceKit

/// `/api/social/friends`: who one's friends are, and what one calls them.
struct FriendRoutes: Sendable {
    let friends: FriendStore
    let profiles: ProfileClient
    let sight: Sight
    let announcer: ChangeAnnouncer

    var routes: RouteCollection<AuthenticatedContext> {
        RouteCollection(context: AuthenticatedContext.self)
            .get(use: self.list)
            .patch(":userId", use: self.setRemark)
            .delete(":userId", use: self.remove)
    }

    /// So many are looked up in one call of Auth: the friends of nearly everybody.
    private static let together = 1_000

    /// `GET /friends?query=&limit=&cursor=` → 200, in the order of their ids; `query` is found in names and remarks.
    func list(request: Request, context: AuthenticatedContext) async throws -> FriendList {
        let query = try request.query
        let limit = try query.limit()
        let search = query.search
        let cursor: UserID? = try query.value("cursor")
        // Whoever begins a list reads it to its end: the pages after the first find everybody known.
        if cursor == nil, search == nil {
            _ = try await self.profiles.people(try await self.friends.ids(of: context.user, limit: Self.together))
        }
        let page = try await Page<Friend, UserID>.read(
            after: cursor, limit: limit, chunk: search == nil ? limit + 1 : Self.together, cursorOf: \.user
        ) {
            try await self.friends.friends(of: context.user, after: $0, limit: $1)
        } present: { records in
            var people = try await self.profiles.people(records.map(\.user))
            if let search {
                for record in records where record.remark?.matches(search) != true {
                    if people[record.user]?.profile.matches(search) != true { people[record.user] = nil }
                }
            }
            let (visible, online) = try await self.sight.look(at: people, by: context.user)
            return records.map { record in
                people[record.user].map {
                    record.seen(
                        with: $0.profile, isVisible: visible.contains(record.user),
                        online: online.contains(record.user))
                }
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
        let people = try await self.profiles.people([friend])
        guard let person = people[friend] else { throw SocialError.friendNotFound }
        let (visible, online) = try await self.sight.look(at: people, by: context.user)
        return Answer(
            record.seen(with: person.profile, isVisible: !visible.isEmpty, online: !online.isEmpty))
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
}

/// The answer of `GET /friends`.
struct FriendList: ResponseCodable {
    var friends: [Friend]
    var next: String?
}
