import ChatAPI
import Crypto
import Foundation

/// Signs access tokens with Ed25519 (RFC 8037). Auth has one for each of its keys; tests make tokens with one of theirs.
package struct TokenSigner: Sendable {
    package let kid: String
    private let key: Curve25519.Signing.PrivateKey

    /// - Parameter seed: 32 bytes.
    package init(kid: String, seed: [UInt8]) throws {
        self.kid = kid
        self.key = try Curve25519.Signing.PrivateKey(rawRepresentation: seed)
    }

    /// With a key made now.
    package init(kid: String) {
        self.kid = kid
        self.key = Curve25519.Signing.PrivateKey()
    }

    package func sign(_ claims: TokenClaims) throws -> String {
        let header = TokenHeader(alg: "EdDSA", kid: self.kid, typ: "JWT")
        let payload = TokenPayload(
            iss: TokenClaims.issuer, aud: TokenClaims.audience, sub: claims.user.description, sid: claims.session,
            iat: claims.issuedAt.milliseconds / 1000, exp: claims.expiresAt.milliseconds / 1000)
        let encoder = JSONEncoder()
        // So that equal claims are an equal token.
        encoder.outputFormatting = [.sortedKeys]
        let signed = Base64URL.encode(try encoder.encode(header)) + "." + Base64URL.encode(try encoder.encode(payload))
        return signed + "." + Base64URL.encode(try self.key.signature(for: Data(signed.utf8)))
    }

    /// The public half, for a key set.
    package var publicKey: JSONWebKey {
        JSONWebKey(kid: self.kid, x: Base64URL.encode(self.key.publicKey.rawRepresentation))
    }
}

/// One public key of a JSON Web Key Set (RFC 7517, RFC 8037 §2).
package struct JSONWebKey: Codable, Hashable, Sendable {
    package var kty = "OKP"
    package var crv = "Ed25519"
    package var kid: String
    /// The key's 32 bytes, base64url.
    package var x: String
    package var alg: String? = "EdDSA"
    package var use: String? = "sig"

    package init(kid: String, x: String) {
        self.kid = kid
        self.x = x
    }
}

package struct JSONWebKeySet: Codable, Hashable, Sendable {
    package var keys: [JSONWebKey]

    package init(keys: [JSONWebKey]) { self.keys = keys }

    /// As ``AuthSnapshot/jwks`` and ``AuthChange/keys(jwks:)`` carry it.
    package var text: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }
}
