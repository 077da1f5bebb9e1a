import ChatAPI
import Foundation
import ServiceKit

/// Makes the tokens of sessions, and new ones of those that have grown old.
struct SessionTokens: Sendable {
    let signer: TokenSigner
    let verifier: TokenVerifier
    let sessions: SessionStore
    let now: @Sendable () -> Date

    /// The newest token of a session that was just begun or renewed. The same session makes the same token.
    ///
    /// - Throws: ``RequestError/unauthenticated`` where the session is over.
    func token(for session: Session) throws -> String {
        guard let expiry = self.sessions.life.expiry(of: session.createdAt, now: session.lastUsedAt) else {
            throw RequestError.unauthenticated
        }
        return try self.signer.sign(
            TokenClaims(
                user: session.user, session: session.id, issuedAt: Timestamp(session.lastUsedAt),
                expiresAt: Timestamp(expiry)))
    }

    /// A new token for each; `nil` where one does not hold, or its session is over or revoked.
    func renew(_ tokens: [String]) async throws -> [String?] {
        let ids = tokens.map { try? self.verifier.verify($0).session }
        let renewed = try await self.sessions.renew(Array(Set(ids.compactMap { $0 })), now: self.now())
        let fresh = Dictionary(
            try renewed.map { ($0.id, try self.token(for: $0)) }, uniquingKeysWith: { first, _ in first })
        return ids.map { id in id.flatMap { fresh[$0] } }
    }
}
