import ChatAPI
import Foundation
import ServiceKit

/// How a user who is signed in gives themself another password.
struct PasswordChange: Sendable {
    let passwords: PasswordCheck
    let store: PasswordStore
    let hasher: PasswordHasher
    let now: @Sendable () -> Date

    /// Changes the password; every other session ends in the same transaction.
    ///
    /// - Returns: the sessions that have ended.
    /// - Throws: ``RequestError/invalid(fields:)``, ``AuthError/wrongPassword``,
    ///   ``RequestError/tooManyRequests(retryAfter:)``, ``WorkerThreads/QueueFull``.
    func change(
        of user: UserID, keeping session: SessionID, from current: Password, to new: Password, address: String
    ) async throws -> [RevokedSession] {
        let credentials = try await self.passwords.confirm(user, password: current, address: address)
        if let problem = PasswordRules.problem(with: new, of: credentials.account.username) {
            throw RequestError.invalid("newPassword", problem)
        }
        let hash = try await self.hasher.hash(new)
        let entry = AuditEntry(
            action: .passwordChanged, user: user, session: session, address: address, at: self.now())
        let revoked = try await self.store.replace(
            credentials.passwordVersion, by: hash, keeping: session, audit: entry)
        guard let revoked else { throw AuthError.wrongPassword }
        return revoked
    }
}
