import ChatAPI
import Crypto
import Foundation
import ServiceKit

/// What a user shows beside the password: a code of their device, or one that was written down.
struct SecondFactors: Sendable {
    let store: SecondFactorStore
    let passwords: PasswordCheck
    /// Secrets are sealed with it, recovery codes hashed.
    let key: SymmetricKey
    let now: @Sendable () -> Date

    /// What a user is shown once.
    struct Setup: Codable, Sendable {
        let secret: String
        let url: String
        let recoveryCodes: [String]
    }

    private static let recoveryCodes = 10

    /// Makes a secret, which counts for nothing until ``confirm(_:of:session:address:)``.
    ///
    /// - Throws: ``AuthError/wrongPassword``, ``AuthError/totpActive``.
    func begin(for user: UserID, password: Password, address: String) async throws -> Setup {
        let credentials = try await self.passwords.confirm(user, password: password, address: address)
        let totp = TOTP.new()
        // 50 bits each.
        let codes = (0..<Self.recoveryCodes).map { _ in String(TOTP.new().text.prefix(10)) }
        try await self.store.begin(
            try AES.GCM.seal(totp.secret, using: self.key).combined ?? Data(),
            recoveryCodes: codes.map { self.hash(of: $0, user) }, for: user, after: credentials.passwordVersion)
        return Setup(secret: totp.text, url: totp.url(for: credentials.account.username), recoveryCodes: codes)
    }

    /// - Throws: ``AuthError/invalidCode``, ``AuthError/totpActive``.
    func confirm(_ code: String, of user: UserID, session: SessionID, address: String) async throws {
        guard let factor = try await self.store.factor(of: user) else { throw AuthError.invalidCode }
        guard !factor.isConfirmed else { throw AuthError.totpActive }
        let now = self.now()
        let entry = AuditEntry(action: .secondFactorSet, user: user, session: session, address: address, at: now)
        guard let step = try self.open(factor).step(of: code, at: now, after: factor.lastStep),
            try await self.store.take(step, of: user, at: now, audit: entry)
        else { throw AuthError.invalidCode }
    }

    func isActive(for user: UserID) async throws -> Bool { try await self.store.factor(of: user)?.isConfirmed ?? false }

    /// Takes it away.
    ///
    /// - Throws: ``AuthError/wrongPassword``, ``AuthError/invalidCode``.
    func remove(of user: UserID, password: Password, code: String, session: SessionID, address: String) async throws {
        let credentials = try await self.passwords.confirm(user, password: password, address: address)
        do {
            try await self.check(code, of: credentials.account, address: address)
        } catch AuthError.invalidCredentials {
            throw AuthError.invalidCode
        }
        try await self.store.remove(
            after: credentials.passwordVersion,
            audit: AuditEntry(
                action: .secondFactorRemoved, user: user, session: session, address: address, at: self.now()))
    }

    /// Checks what comes with a password that was right. A wrong code counts as a wrong password does.
    ///
    /// - Throws: ``AuthError/totpRequired``, ``AuthError/invalidCredentials``,
    ///   ``RequestError/tooManyRequests(retryAfter:)``.
    func check(_ code: String?, of account: Account, address: String) async throws {
        guard let factor = try await self.store.factor(of: account.id), factor.isConfirmed else { return }
        guard let code else { throw AuthError.totpRequired }
        let now = self.now()
        let isRight: Bool
        if let step = try self.open(factor).step(of: code, at: now, after: factor.lastStep) {
            isRight = try await self.store.take(step, of: account.id, at: now)
        } else {
            isRight = try await self.store.use(self.hash(of: code.uppercased(), account.id), of: account.id)
        }
        guard isRight else {
            try await self.passwords.countFailure(of: account.username, address: address)
            throw AuthError.invalidCredentials
        }
        // Once more: what was tried at the same time may have reached the limit meanwhile.
        try await self.passwords.requireUnlocked(
            account.username.lowercased(), LoginLimits.source(of: address))
    }

    private func open(_ factor: SecondFactorStore.Factor) throws -> TOTP {
        TOTP(secret: try AES.GCM.open(AES.GCM.SealedBox(combined: factor.secret), using: self.key))
    }

    private func hash(of code: String, _ user: UserID) -> String {
        let hash = HMAC<SHA256>.authenticationCode(for: Data("\(user)\n\(code)".utf8), using: self.key)
        return Base64URL.encode(Array(hash))
    }
}
