import ChatAPI
import Crypto
import Foundation
import HTTPTypes
import HummingbirdTesting
import ServiceKit
import Testing

@testable import Auth

/// Tokens that somebody else has made, or made something else of. Each must be 401 at a route that asks for a user, and
/// bring nothing when it is offered for renewal.
struct TokenAttackTests {
    /// A forgery: made from a good token's parts, and the private key where the attack is one of the payload.
    struct Forgery: Sendable {
        let name: String
        let token: @Sendable (Parts) throws -> String
    }

    /// What an attacker has, and more.
    struct Parts: Sendable {
        let good: String
        let user: UserID
        let session: SessionID
        let now: Int64
        let jwks: String
        /// Auth's own; no attacker has it. With it only the payload is wrong.
        let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: [UInt8](repeating: 7, count: 32))

        var header: Substring { self.good.split(separator: ".")[0] }
        var payload: Substring { self.good.split(separator: ".")[1] }
        var signature: Substring { self.good.split(separator: ".")[2] }

        /// The payload as Auth makes it, but for what is given: JSON in the place of a claim's, "" for no such claim.
        func claims(_ changed: [String: String] = [:]) -> String {
            let claims = [
                "iss": #""teahouse""#, "aud": #""teahouse""#, "sub": #""\#(self.user)""#, "sid": #""\#(self.session)""#,
                "iat": "\(self.now)", "exp": "\(self.now + 600)",
            ].merging(changed) { $1 }
            return "{"
                + claims.filter { !$0.value.isEmpty }.map { #""\#($0.key)":\#($0.value)"# }.joined(separator: ",") + "}"
        }

        /// A token with any header and payload, signed with `key` or Auth's own.
        func signed(
            _ payload: String, header: String = #"{"alg":"EdDSA","kid":"k1","typ":"JWT"}"#,
            by key: Curve25519.Signing.PrivateKey? = nil
        ) throws -> String {
            let text = Base64URL.encode(header.utf8) + "." + Base64URL.encode(payload.utf8)
            let key = try #require(key ?? self.key)
            return text + "." + Base64URL.encode(try key.signature(for: Data(text.utf8)))
        }
    }

    private static let algorithms: [Forgery] = [
        "none", "None", "nOnE", "", "HS256", "HS512", "RS256", "ES256", "eddsa", "Ed25519",
    ].map { algorithm in
        Forgery(name: "T01 T02 algorithm \(algorithm)") { parts in
            try parts.signed(parts.claims(), header: #"{"alg":"\#(algorithm)","kid":"k1"}"#)
        }
    }

    private static let signatures: [Forgery] = [
        Forgery(name: "T01 no algorithm") { try $0.signed($0.claims(), header: #"{"kid":"k1"}"#) },
        Forgery(name: "T01 none, without a signature") {
            "\(Base64URL.encode(#"{"alg":"none","kid":"k1"}"#.utf8)).\($0.payload)."
        },
        Forgery(name: "T01 empty signature") { "\($0.header).\($0.payload)." },
        Forgery(name: "T01 no signature") { "\($0.header).\($0.payload)" },
        Forgery(name: "T01 four parts") { "\($0.good).x" },
        Forgery(name: "T01 padded signature") { "\($0.good)==" },
        Forgery(name: "T02 HMAC over the public keys") { parts in
            let text = "\(Base64URL.encode(#"{"alg":"HS256","kid":"k1"}"#.utf8)).\(parts.payload)"
            let key = SymmetricKey(data: Data(parts.jwks.utf8))
            return "\(text).\(Base64URL.encode(HMAC<SHA256>.authenticationCode(for: Data(text.utf8), using: key)))"
        },
        Forgery(name: "T02 signed by a key of one's own") {
            try $0.signed($0.claims(), by: Curve25519.Signing.PrivateKey())
        },
        Forgery(name: "T02 another payload under a good signature") { parts in
            "\(parts.header).\(Base64URL.encode(parts.claims(["sub": #""9""#]).utf8)).\(parts.signature)"
        },
    ]

    private static let keys: [Forgery] =
        ["../../dev/null", "' OR 1=1--", "unknown", "", String(repeating: "k", count: 10_000)].map { kid in
            Forgery(name: "T03 key \(kid.prefix(20))") { parts in
                try parts.signed(parts.claims(), header: #"{"alg":"EdDSA","kid":"\#(kid)"}"#)
            }
        } + [
            Forgery(name: "T03 a key that it brings itself") { parts in
                let own = Curve25519.Signing.PrivateKey()
                let x = Base64URL.encode(own.publicKey.rawRepresentation)
                let jwk = #"{"kty":"OKP","crv":"Ed25519","kid":"mine","x":"\#(x)"}"#
                let header = #"{"alg":"EdDSA","kid":"mine","jwk":\#(jwk),"jku":"http://127.0.0.1:1/","x5u":"x"}"#
                return try parts.signed(parts.claims(), header: header, by: own)
            },
            Forgery(name: "T03 no key named") { try $0.signed($0.claims(), header: #"{"alg":"EdDSA"}"#) },
        ]

    private static let claims: [Forgery] = [
        claim("T04 not yet") { ["nbf": "\($0.now + 600)"] },
        claim("T04 expired") { ["exp": "\($0.now - 60)"] },
        claim("T04 issued in the future") { ["iat": "\($0.now + 600)"] },
        claim("T04 without an end") { _ in ["exp": ""] },
        claim("T04 the end is a text") { _ in ["exp": #""9999999999""#] },
        claim("T04 the end is negative") { _ in ["exp": "-9999999999"] },
        claim("T04 the end is 1e400") { _ in ["exp": "1e400"] },
        claim("T04 the end is 1e300") { _ in ["exp": "1e300"] },
        claim("T04 the end is 2^63 - 1") { _ in ["exp": "9223372036854775807"] },
        claim("T04 two ends") { _ in ["nbf": #"0,"exp":9999999999"#] },
        claim("T05 another issuer") { _ in ["iss": #""coffeehouse""#] },
        claim("T05 another audience") { _ in ["aud": #""internal""#] },
        claim("T05 no issuer") { _ in ["iss": ""] },
        claim("T05 no user") { _ in ["sub": #""""#] },
        claim("T05 user 0") { _ in ["sub": #""0""#] },
        claim("T05 no session") { _ in ["sid": ""] },
    ]

    private static func claim(
        _ name: String, _ changed: @escaping @Sendable (Parts) -> [String: String]
    ) -> Forgery {
        Forgery(name: name) { try $0.signed($0.claims(changed($0))) }
    }

    private static let rubbish: [Forgery] = [
        Forgery(name: "T05 not an object") { try $0.signed("[]") },
        Forgery(name: "T05 not JSON") { try $0.signed("x") },
        Forgery(name: "T05 a service's key") { _ in "local-key-of-gateway" },
        Forgery(name: "T05 a word") { _ in "x" },
        Forgery(name: "T05 100 kB") { _ in String(repeating: "a.", count: 50_000) },
    ]

    @Test(arguments: [algorithms, signatures, keys, claims, rubbish])
    func `a forged token is 401 and cannot be renewed`(forgeries: [Forgery]) async throws {
        try await withAuth { auth in
            let alice = try await auth.register("alice")
            let parts = Parts(
                good: alice.token, user: alice.user.id, session: try auth.parts.verifier.verify(alice.token).session,
                now: Int64(auth.clock.now.timeIntervalSince1970), jwks: auth.parts.keys.jwks)
            // What is wrong with a forgery is what it says to be wrong, and nothing else.
            let control = try await auth.edge.call(.get, "/api/auth/me", token: try parts.signed(parts.claims()))
            try #require(control.status == .ok)

            for forgery in forgeries {
                let token = try forgery.token(parts)
                let answer = try await auth.edge.call(.get, "/api/auth/me", token: token)
                #expect(answer.status == .unauthorized, "\(forgery.name)")
                #expect(answer.code == "unauthenticated", "\(forgery.name)")
                #expect(answer.headers[.token] == nil, "\(forgery.name)")
                let renewed = try await auth.renewInside([token, alice.token])
                #expect(renewed.map { $0 == nil } == [true, false], "\(forgery.name)")
            }
        }
    }
}
