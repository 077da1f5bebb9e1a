import ChatAPI
import HTTPTypes
import ServiceKit

/// What the Gateway asks of Auth; many asks go as one.
struct AuthClient: Sendable {
    private let profiles: Lookup<UserID, Profile>
    private let renewals: Batcher<String, String?>

    init(_ client: ServiceClient) {
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

    /// A new token for an old one, `nil` where it cannot be renewed.
    func renew(_ token: String) async throws -> String? { try await self.renewals.submit(token) }
}
