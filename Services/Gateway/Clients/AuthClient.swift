import ChatAPI
import HTTPTypes
import ServiceKit

/// What the Gateway asks of Auth; many asks go as one.
struct AuthClient: Sendable {
    /// What users let others see, of those who have said anything, and the position of Auth's feed in the same snapshot.
    struct Privacies: Sendable {
        var position: Int64
        var privacies: [UserID: Privacy]
    }

    private let client: ServiceClient
    private let profiles: Lookup<UserID, Profile>
    private let renewals: Batcher<String, String?>

    init(_ client: ServiceClient) {
        self.client = client
        self.profiles = Lookup(name: "profiles") { ids in
            let answer: LookupUsers.Answer = try await client.call(
                .post, "/internal/users/lookup", LookupUsers(ids: ids))
            return Dictionary(answer.users.map { ($0.id, $0) }) { first, _ in first }
        }
        self.renewals = Batcher(name: "renewals", maxBatch: 200) { tokens in
            let answer: RenewTokens.Answer = try await client.call(
                .post, "/internal/tokens/renew", RenewTokens(tokens: tokens))
            return answer.tokens
        }
    }

    /// `nil` for a user that does not exist (any more).
    func profile(of user: UserID) async throws -> Profile? { try await self.profiles.value(for: user) }

    /// Asked in slices of 1,000; the position is that of the first.
    func privacies(of users: [UserID]) async throws -> Privacies {
        var found = Privacies(position: .max, privacies: [:])
        for start in stride(from: 0, to: users.count, by: 1_000) {
            let slice = Array(users[start..<min(start + 1_000, users.count)])
            let answer: LookupUsers.Answer = try await self.client.call(
                .post, "/internal/users/lookup", LookupUsers(ids: slice))
            found.position = min(found.position, answer.position)
            for user in answer.privacy { found.privacies[user.user] = user.privacy }
        }
        return found
    }

    /// A new token for an old one, `nil` where it cannot be renewed.
    func renew(_ token: String) async throws -> String? { try await self.renewals.submit(token) }
}
