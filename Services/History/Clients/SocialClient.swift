import ChatAPI
import HTTPTypes
import ServiceKit

/// What History asks of Social, beside its feed.
struct SocialClient: Sendable {
    let client: ServiceClient

    /// The chatrooms somebody is in.
    func memberships(of user: UserID) async throws -> [Membership] {
        let answer: LookupMemberships.Answer = try await self.client.call(
            .post, "/internal/memberships", LookupMemberships(userIds: [user]))
        return answer.users.first { $0.id == user }?.chatrooms ?? []
    }

    /// Somebody's friends above the last one seen.
    func friends(of user: UserID, after last: UserID?, limit: Int) async throws -> [KeptFriend] {
        let answer: ListFriends.Answer = try await self.client.call(
            .post, "/internal/friends/list", ListFriends(userId: user, after: last, limit: limit))
        return answer.friends
    }
}
