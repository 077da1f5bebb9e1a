import ChatAPI
import Crypto
import Foundation
import ServiceKit

/// What operators do to accounts. Sessions that end by it end here at once, and everywhere else within a second.
struct OperatorActs: Sendable {
    let store: OperatorStore
    let hasher: PasswordHasher
    let postbox: Postbox?
    let verifier: TokenVerifier
    let now: @Sendable () -> Date

    /// Who does it to whom.
    struct Act: Sendable {
        let user: UserID
        let `operator`: String
        let note: String?
    }

    func setDisabled(_ isDisabled: Bool, _ act: Act) async throws {
        self.end(
            try await self.store.setDisabled(isDisabled, audit: self.entry(isDisabled ? .disabled : .enabled, act)))
    }

    func signOut(_ act: Act) async throws { self.end(try await self.store.signOut(audit: self.entry(.signedOut, act))) }

    /// - Parameter password: one of the operator's, or `nil` for one that nobody guesses.
    /// - Returns: the password.
    /// - Throws: ``RequestError/invalid(fields:)``, ``AuthError/userNotFound``, ``WorkerThreads/QueueFull``.
    func setPassword(_ password: Password?, removesSecondFactor: Bool, _ act: Act) async throws -> Password {
        let account = try await self.store.standing(id: act.user, username: nil, now: self.now()).account
        let new = password ?? Self.random()
        if let problem = PasswordRules.problem(with: new, of: account.username) {
            throw RequestError.invalid("password", problem)
        }
        let hash = try await self.hasher.hash(new)
        self.end(
            try await self.store.setPassword(
                to: hash, username: account.username, removesSecondFactor: removesSecondFactor,
                audit: self.entry(.passwordSet, act)))
        if let email = account.email.flatMap(EmailAddress.init) {
            self.postbox?.send(.passwordChanged(to: email, username: account.username))
        }
        return new
    }

    private func entry(_ action: AuditEntry.Action, _ act: Act) -> AuditEntry {
        AuditEntry(action: action, user: act.user, operator: act.operator, note: act.note, at: self.now())
    }

    private func end(_ sessions: [RevokedSession]) {
        for session in sessions { self.verifier.revoke(session) }
    }

    /// 80 bits, to be read out: `abcd-efgh-ijkl-mnop`.
    private static func random() -> Password {
        let bits = SymmetricKey(size: SymmetricKeySize(bitCount: 80)).withUnsafeBytes { Data($0) }
        let text = Array(Base32.encode(bits).lowercased())
        return Password(stride(from: 0, to: text.count, by: 4).map { String(text[$0..<$0 + 4]) }.joined(separator: "-"))
    }
}
