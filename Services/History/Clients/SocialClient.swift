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
}
