import ChatAPI
import Foundation
import ServiceKit

/// How a user leaves for good.
struct Deletion: Sendable {
    let passwords: PasswordCheck
    let store: DeletionStore
    let now: @Sendable () -> Date

    /// Makes the account nobody's: what they wrote stays, without their name. The other services hear it from the feed.
    ///
    /// - Returns: the sessions that have ended.
    /// - Throws: ``AuthError/wrongPassword``, ``RequestError/tooManyRequests(retryAfter:)``, ``WorkerThreads/QueueFull``.
    func delete(_ user: UserID, password: Password, session: SessionID, address: String) async throws
        -> [RevokedSession]
    {
        let credentials = try await self.passwords.confirm(user, password: password, address: address)
        let entry = AuditEntry(
            action: .deleted, user: user, session: session, address: address, at: self.now())
        let revoked = try await self.store.delete(
            credentials.passwordVersion, username: credentials.account.username, audit: entry)
        guard let revoked else { throw AuthError.wrongPassword }
        return revoked
    }
}
