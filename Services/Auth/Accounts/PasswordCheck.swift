import ChatAPI
import Foundation
import Metrics
import ServiceKit

/// Checks a password, and counts those that are wrong: whoever holds a token cannot try more of them than who holds none.
struct PasswordCheck: Sendable {
    let accounts: AccountStore
    let failures: FailedLoginStore
    let hasher: PasswordHasher
    let now: @Sendable () -> Date

    /// What is known of the user of this name, if this is their password. Whether there is such a user cannot be told from
    /// the answer nor from its time: without one the same steps are taken, with a hash that no password has.
    ///
    /// - Returns: `nil` for a wrong password and for a user who does not exist.
    /// - Throws: ``RequestError/tooManyRequests(retryAfter:)`` after too many failures, also for the right password;
    ///   ``WorkerThreads/QueueFull``.
    func check(username: String, password: Password, address: String) async throws -> AccountStore.Credentials? {
        let name = username.lowercased()
        let source = LoginLimits.source(of: address)
        try await self.requireUnlocked(name, source)
        let credentials = try await self.accounts.credentials(of: name)
        guard try await self.hasher.verify(password, against: credentials?.hash), let credentials else {
            try await self.countFailure(of: name, address: address)
            return nil
        }
        // Once more: what was tried at the same time may have reached the limit meanwhile.
        try await self.requireUnlocked(name, source)
        return credentials
    }

    /// As ``check(username:password:address:)``, of somebody who is signed in.
    ///
    /// - Throws: ``AuthError/wrongPassword`` too.
    func confirm(_ user: UserID, password: Password, address: String) async throws -> AccountStore.Credentials {
        let account = try await self.accounts.account(user)
        guard
            let credentials = try await self.check(
                username: account.username, password: password, address: address)
        else { throw AuthError.wrongPassword }
        return credentials
    }

    /// Counts what was wrong, a password or what comes with it.
    ///
    /// - Throws: ``RequestError/tooManyRequests(retryAfter:)`` where this try should not have been.
    func countFailure(of username: String, address: String) async throws {
        let source = LoginLimits.source(of: address)
        if let end = try await self.failures.add(account: username.lowercased(), address: source, now: self.now()) {
            throw self.refusal(until: end)
        }
        Counter(label: "auth_failed_logins_total").increment()
    }

    /// - Throws: ``RequestError/tooManyRequests(retryAfter:)``.
    func requireUnlocked(_ account: String, _ source: String) async throws {
        if let end = try await self.failures.lock(account: account, address: source, now: self.now()) {
            throw self.refusal(until: end)
        }
    }

    private func refusal(until end: Date) -> RequestError {
        Counter(label: "auth_locked_logins_total").increment()
        return .tooManyRequests(retryAfter: max(1, Int(end.timeIntervalSince(self.now()).rounded(.up))))
    }
}
