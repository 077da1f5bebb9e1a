import ChatAPI
import Foundation
import HTTPTypes
import Logging
import ServiceKit

/// Who lets others see how far they have read. It is mutual: who does not tell is not told. Of whom it is not known, as
/// Auth is out of reach, nothing is told.
struct ReceiptCache: Sendable {
    private let cache: FeedCache<Bool>

    init(auth: ServiceClient, patience: Duration = .milliseconds(500), logger: Logger) {
        self.cache = FeedCache(name: "receipts", logger: logger) { ids in
            let answer: LookupUsers.Answer = try await auth.call(
                .post, "/internal/users/lookup", LookupUsers(ids: ids), timeout: patience)
            var tells = Dictionary(ids.map { ($0, Privacy.usual.receipts) }, uniquingKeysWith: { first, _ in first })
            for other in answer.privacy { tells[other.user] = other.privacy.receipts }
            return (tells, answer.position)
        }
    }

    /// Those among them who tell.
    func tellers(among users: Set<UserID>) async -> Set<UserID> {
        Set(await self.cache.values(of: users).filter(\.value).keys)
    }

    /// A row of Auth's feed.
    func apply(_ change: UserPrivacy, at position: Int64) {
        self.cache.apply(change.privacy.receipts, of: change.user, at: position)
    }

    /// Auth's feed starts anew: whatever is known may be stale.
    func clear() { self.cache.clear() }
}
