import ChatAPI
import Foundation
import ServiceKit

/// How a user shows with a password who they are.
struct SignIn: Sendable {
    let passwords: PasswordCheck
    let accounts: AccountStore
    let sessions: SessionStore
    let hasher: PasswordHasher
    let factors: SecondFactors
    let now: @Sendable () -> Date

    /// Begins a session.
    ///
    /// - Throws: ``AuthError/invalidCredentials``, ``AuthError/totpRequired``; ``AuthError/accountDisabled``, which only who
    ///   could sign in otherwise gets to know; ``RequestError/tooManyRequests(retryAfter:)`` after too many failures, also
    ///   for the right password; ``WorkerThreads/QueueFull``.
    func signIn(
        username: String, password: Password, totp: String?, device: String?, address: String
    ) async throws -> (account: Account, session: Session) {
        guard
            let credentials = try await self.passwords.check(
                username: username, password: password, address: address)
        else { throw AuthError.invalidCredentials }
        try await self.factors.check(totp, of: credentials.account, address: address)
        guard !credentials.isDisabled else { throw AuthError.accountDisabled }
        let session = self.sessions.new(
            user: credentials.account.id, device: device, address: address, now: self.now())
        // The password may have been changed since it was checked: it is not the right one then.
        guard
            try await self.sessions.begin(
                session, after: credentials.passwordVersion, forgiving: username.lowercased())
        else { throw AuthError.invalidCredentials }
        try await self.upgrade(credentials, password: password)
        return (credentials.account, session)
    }

    /// Now is the only time when the password is known: a hash of another cost is made anew. If there is no time for it,
    /// the next sign-in does it.
    private func upgrade(_ credentials: AccountStore.Credentials, password: Password) async throws {
        guard self.hasher.needsRehash(credentials.hash) else { return }
        do {
            let hash = try await self.hasher.hash(password)
            try await self.accounts.rehash(credentials.account.id, from: credentials.hash, to: hash)
        } catch is WorkerThreads.QueueFull {}
    }
}
