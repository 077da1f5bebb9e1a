internal import CSodium
import ChatAPI
import Crypto
import Foundation
import Synchronization

/// Decides whether an access token holds, from what this process knows: the public keys and the revoked sessions.
///
/// The algorithm is ours (EdDSA), never the token's; an unknown key id is a refusal and causes no fetch. Checking a
/// signature costs some 50 µs by libsodium, which is twice as fast as others, so tokens found good are remembered by their hash; whether they have expired or their
/// session is revoked is asked each time. A `final class` with a `Mutex`, as event loops and tasks both ask it.
package final class TokenVerifier: Sendable {
    private struct State {
        var keys: [String: [UInt8]] = [:]
        var revoked: [SessionID: Timestamp] = [:]
        /// Two generations: when the newer is full it becomes the older, and what was not asked for since is forgotten.
        var recent: [SHA256Digest: TokenClaims] = [:]
        var older: [SHA256Digest: TokenClaims] = [:]
        var isLoaded = false
        /// Counts the exchanges of keys.
        var generation = 0
    }

    private let state = Mutex(State())
    private let now: @Sendable () -> Timestamp
    private let remembered: Int

    /// Clocks of different machines may differ by so much.
    package static let leeway: Int64 = 5_000
    package static let maxTokenBytes = 2_048

    package init(now: @escaping @Sendable () -> Timestamp = { .now }, remembered: Int = 20_000) {
        self.now = now
        self.remembered = remembered
    }

    /// Whether keys and revocations have come; before that no token holds and the service is not ready.
    package var isLoaded: Bool { self.state.withLock { $0.isLoaded } }

    /// - Throws: ``RequestError/unauthenticated``, whatever is wrong.
    package func verify(_ token: String) throws(RequestError) -> TokenClaims {
        guard token.utf8.count <= Self.maxTokenBytes else { throw .unauthenticated }
        let digest = SHA256.hash(data: Array(token.utf8))
        let claims: TokenClaims
        if let known = self.remembered(digest) {
            claims = known
        } else {
            let generation = self.state.withLock { $0.generation }
            guard let signed = self.checkSignature(of: token) else { throw .unauthenticated }
            claims = signed
            self.remember(claims, digest, generation: generation)
        }
        let now = self.now().milliseconds
        guard claims.expiresAt.milliseconds + Self.leeway > now, claims.issuedAt.milliseconds - Self.leeway <= now,
            self.state.withLock({ $0.isLoaded && $0.revoked[claims.session] == nil })
        else { throw .unauthenticated }
        return claims
    }

    // MARK: What is known

    /// Everything anew, from Auth's snapshot.
    package func load(jwks: String, revoked: [RevokedSession]) throws {
        let keys = try Self.keys(of: jwks)
        self.state.withLock { state in
            state.revoked = Dictionary(revoked.map { ($0.session, $0.until) }) { max($0, $1) }
            Self.use(keys, in: &state)
            state.isLoaded = true
        }
    }

    package func setKeys(jwks: String) throws {
        let keys = try Self.keys(of: jwks)
        self.state.withLock { Self.use(keys, in: &$0) }
    }

    package func revoke(_ revoked: RevokedSession) {
        let now = self.now()
        self.state.withLock { state in
            state.revoked[revoked.session] = max(revoked.until, state.revoked[revoked.session] ?? revoked.until)
            // Those whose last token has expired by itself need no place; looked for rarely, as it looks at all.
            if state.revoked.count.nonzeroBitCount == 1 {
                state.revoked = state.revoked.filter { $0.value.milliseconds + Self.leeway > now.milliseconds }
                state.revoked[revoked.session] = revoked.until
            }
        }
    }

    package func isRevoked(_ session: SessionID) -> Bool { self.state.withLock { $0.revoked[session] != nil } }

    // MARK: How

    private func remembered(_ digest: SHA256Digest) -> TokenClaims? {
        self.state.withLock { state in
            if let claims = state.recent[digest] { return claims }
            guard let claims = state.older[digest] else { return nil }
            state.recent[digest] = claims
            return claims
        }
    }

    private func remember(_ claims: TokenClaims, _ digest: SHA256Digest, generation: Int) {
        self.state.withLock { state in
            // The keys may have been exchanged while the signature was checked, and this one's be gone.
            guard state.generation == generation else { return }
            if state.recent.count >= self.remembered / 2 {
                state.older = state.recent
                state.recent = [:]
            }
            state.recent[digest] = claims
        }
    }

    private func checkSignature(of token: String) -> TokenClaims? {
        let parts = token.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Base64URL.decode(parts[0]), let payload = Base64URL.decode(parts[1]),
            let signature = Base64URL.decode(parts[2]),
            let kid = Self.keyID(in: header), let key = self.state.withLock({ $0.keys[kid] }),
            Self.holds(signature, of: Array(token.utf8[..<parts[1].endIndex]), by: key)
        else { return nil }
        return try? self.claims(in: JSONMembers(payload))
    }

    private static func keyID(in header: [UInt8]) -> String? {
        guard let header = try? JSONMembers(header), (try? header.string("alg")) == "EdDSA",
            (try? header.string("typ")) != nil || header.text(of: "typ") == nil
        else { return nil }
        return try? header.string("kid")
    }

    /// Ed25519 (RFC 8032); a key or a signature that is none holds nothing.
    private static func holds(_ signature: [UInt8], of message: [UInt8], by key: [UInt8]) -> Bool {
        guard self.isSodiumReady, signature.count == Int(crypto_sign_BYTES),
            key.count == Int(crypto_sign_PUBLICKEYBYTES)
        else { return false }
        return crypto_sign_verify_detached(signature, message, UInt64(message.count), key) == 0
    }

    /// It chooses what this processor does best, once.
    private static let isSodiumReady = sodium_init() >= 0

    private func claims(in members: JSONMembers) throws(RequestError) -> TokenClaims? {
        guard try members.string("iss") == TokenClaims.issuer, try members.string("aud") == TokenClaims.audience,
            let user = try members.string("sub").flatMap({ UserID($0) }),
            let session = try members.string("sid").flatMap({ SessionID(uuidString: $0) }),
            let iat = try members.integer("iat"), let exp = try members.integer("exp"), Self.times.contains(iat),
            Self.times.contains(exp),
            try members.integer("nbf") ?? 0 <= self.now().milliseconds / 1000 + Self.leeway / 1000
        else { return nil }
        return TokenClaims(
            user: user, session: session, issuedAt: Timestamp(milliseconds: iat * 1000),
            expiresAt: Timestamp(milliseconds: exp * 1000))
    }

    /// Seconds up to the year 9999, so that no arithmetic on them overflows.
    private static let times: ClosedRange<Int64> = 0...253_402_300_799

    private static func keys(of jwks: String) throws -> [String: [UInt8]] {
        var keys: [String: [UInt8]] = [:]
        for key in try JSONDecoder().decode(JSONWebKeySet.self, from: Data(jwks.utf8)).keys
        where key.kty == "OKP" && key.crv == "Ed25519" {
            guard let bytes = Base64URL.decode(key.x) else { continue }
            // A key of another length is an error, as it always was.
            keys[key.kid] = Array(try Curve25519.Signing.PublicKey(rawRepresentation: bytes).rawRepresentation)
        }
        return keys
    }

    private static func use(_ keys: [String: [UInt8]], in state: inout State) {
        state.keys = keys
        state.generation += 1
        // Tokens of a key that is gone must not live on in memory.
        state.recent = [:]
        state.older = [:]
    }
}
