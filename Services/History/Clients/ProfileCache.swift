import ChatAPI
import Foundation
import HTTPTypes
import Logging
import ServiceKit

/// Who the senders are. A profile is an ornament of a message: while Auth is out of reach, messages are stored, acknowledged
/// and delivered with what is known of their sender.
struct ProfileCache: Sendable {
    private let cache: FeedCache<Profile>

    /// - Parameter patience: how long a message waits for its sender's profile.
    init(auth: ServiceClient, patience: Duration = .milliseconds(500), logger: Logger) {
        self.cache = FeedCache(name: "profiles", logger: logger) { ids in
            let answer: LookupUsers.Answer = try await auth.call(
                .post, "/internal/users/lookup", LookupUsers(ids: ids), timeout: patience)
            return (
                Dictionary(answer.users.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first }), answer.position
            )
        }
    }

    /// The senders of entries, as far as they are known or Auth tells.
    func senders(of entries: some Sequence<Entry>) async -> [UserID: Sender] {
        await self.profiles(of: Set(entries.lazy.compactMap(\.sender))).mapValues { Sender($0) }
    }

    /// Profiles, as far as they are known or Auth tells.
    func profiles(of ids: Set<UserID>) async -> [UserID: Profile] { await self.cache.values(of: ids) }

    /// A row of Auth's feed.
    func apply(_ profile: Profile, at position: Int64) { self.cache.apply(profile, of: profile.id, at: position) }

    /// Auth's feed starts anew: whatever is known may be stale.
    func clear() { self.cache.clear() }
}
