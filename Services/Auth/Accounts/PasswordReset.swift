import ChatAPI
import Foundation
import ServiceKit

/// How somebody who has forgotten their password gets another, by a code sent to their account's own address.
struct PasswordReset: Sendable {
    let codes: Codes
    let accounts: AccountStore
    let store: PasswordStore
    let hasher: PasswordHasher
    let now: @Sendable () -> Date

    /// Sets the password; every session ends in the same transaction. For a user who does not exist the same steps are taken
    /// as for a wrong code.
    ///
    /// - Returns: the sessions that have ended.
    /// - Throws: ``RequestError/invalid(fields:)``, ``AuthError/invalidCode``, ``WorkerThreads/QueueFull``.
    func reset(username: String, code: String, to new: Password, address: String) async throws -> [RevokedSession] {
        if let problem = PasswordRules.problem(with: new, of: username) {
            throw RequestError.invalid("newPassword", problem)
        }
        let credentials = try await self.accounts.credentials(of: username)
        let account = credentials?.account
        let subject =
            account.map { CodeSubject.reset(of: $0.id, at: $0.email ?? "") } ?? .reset(ofNobody: username)
        let proof = try await self.codes.check(code, for: subject)
        guard let account else { throw AuthError.invalidCode }
        let hash = try await self.hasher.hash(new)
        let entry = AuditEntry(action: .passwordReset, user: account.id, address: address, at: self.now())
        let revoked = try await self.store.reset(
            to: hash, provenBy: proof, account: username.lowercased(), audit: entry)
        if let email = account.email.flatMap(EmailAddress.init) {
            self.codes.postbox?.send(.passwordChanged(to: email, username: account.username))
        }
        return revoked
    }
}
