import ChatAPI
import Foundation
import ServiceKit

/// How a user who is signed in gets another address for their mail.
struct EmailChange: Sendable {
    let passwords: PasswordCheck
    let codes: Codes
    let now: @Sendable () -> Date

    /// Changes the address, and tells the one before.
    ///
    /// - Throws: ``AuthError/wrongPassword``, ``AuthError/invalidCode``, ``AuthError/emailTaken``,
    ///   ``RequestError/tooManyRequests(retryAfter:)``, ``WorkerThreads/QueueFull``.
    func change(
        of user: UserID, to email: EmailAddress, code: String, password: Password, session: SessionID, address: String
    ) async throws -> Account {
        let credentials = try await self.passwords.confirm(user, password: password, address: address)
        let proof = try await self.codes.check(code, for: .change(to: email, by: user))
        let entry = AuditEntry(
            action: .emailChanged, user: user, session: session, address: address, at: self.now())
        let before = try await self.codes.emails.change(
            email, provenBy: proof, after: credentials.passwordVersion, audit: entry)
        if let before = before.flatMap(EmailAddress.init), before.key != email.key {
            self.codes.postbox?.send(.addressChanged(to: before, username: credentials.account.username))
        }
        return try await self.passwords.accounts.account(user)
    }
}
