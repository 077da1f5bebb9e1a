import ChatAPI
import Crypto
import Foundation
import JWTKit
import ServiceKit
import Testing

/// The same claims for jwt-kit, which stands in for any other implementation.
private struct OtherPayload: JWTPayload {
    var iss = "teahouse"
    var aud = "teahouse"
    var sub = "7"
    var sid = UUID()
    var iat: Int64
    var exp: Int64
    func verify(using algorithm: some JWTAlgorithm) async throws {}
}

@Suite struct TokenVerifierTests {
    let tokens: TestTokens
    let seed = Array(repeating: UInt8(9), count: 32)

    init() throws { self.tokens = try TestTokens() }

    /// A token with any header and payload, signed by the right key.
    private func forge(header: String, payload: String) throws -> String {
        let key = try Curve25519.Signing.PrivateKey(rawRepresentation: self.seed)
        let signed = Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(payload.utf8))
        return signed + "." + Base64URL.encode(try key.signature(for: Data(signed.utf8)))
    }

    private func verifierOfSeed() throws -> TokenVerifier {
        let verifier = TokenVerifier(now: { [time = self.tokens.time] in time.now })
        try verifier.load(
            jwks: JSONWebKeySet(keys: [TokenSigner(kid: "one", seed: self.seed).publicKey]).text, revoked: [])
        return verifier
    }

    private var iat: Int64 { self.tokens.time.now.milliseconds / 1000 }

    private func payload(_ replacing: [String: String] = [:]) -> String {
        var claims = [
            "iss": #""teahouse""#, "aud": #""teahouse""#, "sub": #""7""#, "sid": "\"\(UUID())\"", "iat": "\(self.iat)",
            "exp": "\(self.iat + 60)",
        ]
        claims.merge(replacing) { $1 }
        return "{" + claims.filter { !$0.value.isEmpty }.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",")
            + "}"
    }

    @Test func `a token of ours holds, and says who it is`() throws {
        let claims = self.tokens.claims(user: UserID(42))
        #expect(try self.tokens.verifier.verify(try self.tokens.signer.sign(claims)) == claims)
    }

    @Test func `a token made by another implementation with our key holds`() async throws {
        let keys = JWTKeyCollection()
        let key = try EdDSA.PrivateKey(d: Data(self.seed).base64EncodedString(), curve: .ed25519)
        await keys.add(eddsa: key, kid: "one")
        let token = try await keys.sign(OtherPayload(iat: self.iat, exp: self.iat + 60), kid: "one")
        #expect(try self.verifierOfSeed().verify(token).user == UserID(7))
    }

    @Test func `our token holds for another implementation, by the published key set`() async throws {
        let keys = try await JWTKeyCollection().add(jwksJSON: JSONWebKeySet(keys: [self.tokens.signer.publicKey]).text)
        let payload = try await keys.verify(try self.tokens.token(user: UserID(42)), as: OtherPayload.self)
        #expect(payload.sub == "42")
    }

    @Test(arguments: ["none", "None", "nOnE", "HS256", "RS256", "ES256", "eddsa", "Ed25519", ""])
    func `T01, T02: the algorithm is ours, whatever the token names`(name: String) throws {
        let verifier = try self.verifierOfSeed()
        let token = try self.forge(header: #"{"alg":"\#(name)","kid":"one"}"#, payload: self.payload())
        #expect(throws: RequestError.unauthenticated) { try verifier.verify(token) }
        let unsigned = token[...token.lastIndex(of: ".")!]
        #expect(throws: RequestError.unauthenticated) { try verifier.verify(String(unsigned)) }
        #expect(throws: RequestError.unauthenticated) { try verifier.verify(String(unsigned.dropLast())) }
    }

    @Test func `T02: a signature by the public key's bytes as a shared secret does not hold`() throws {
        let verifier = try self.verifierOfSeed()
        let key = try Curve25519.Signing.PrivateKey(rawRepresentation: self.seed).publicKey.rawRepresentation
        let signed =
            Base64URL.encode(Array(#"{"alg":"HS256","kid":"one"}"#.utf8)) + "."
            + Base64URL.encode(Array(self.payload().utf8))
        let code = HMAC<SHA256>.authenticationCode(for: Data(signed.utf8), using: SymmetricKey(data: key))
        #expect(throws: RequestError.unauthenticated) {
            try verifier.verify(signed + "." + Base64URL.encode(Array(code)))
        }
    }

    @Test(arguments: ["../../dev/null", "' OR 1=1--", "unknown", "", String(repeating: "k", count: 10_000)])
    func `T03: an unknown key id does not hold`(kid: String) throws {
        let header = String(decoding: try JSONEncoder().encode(["alg": "EdDSA", "kid": kid]), as: UTF8.self)
        let token = try self.forge(header: header, payload: self.payload())
        #expect(throws: RequestError.unauthenticated) { try self.verifierOfSeed().verify(token) }
    }

    @Test func `T03: a key that the token itself brings is not used`() throws {
        let mallory = Curve25519.Signing.PrivateKey()
        let x = Base64URL.encode(mallory.publicKey.rawRepresentation)
        for kid in ["one", "mallory"] {
            let header =
                #"{"alg":"EdDSA","kid":"\#(kid)","jwk":{"kty":"OKP","crv":"Ed25519","x":"\#(x)"},"jku":"http://127.0.0.1/"}"#
            let signed = Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(self.payload().utf8))
            let token = signed + "." + Base64URL.encode(try mallory.signature(for: Data(signed.utf8)))
            #expect(throws: RequestError.unauthenticated) { try self.verifierOfSeed().verify(token) }
        }
    }

    @Test(arguments: [
        ["exp": ""], ["exp": "\"9999999999\""], ["exp": "-1"], ["exp": "1e400"], ["exp": "1.5"],
        ["exp": "9223372036854775807"],
        ["iat": "9223372036854775807"], ["nbf": "9999999999"], ["nbf": "\"x\""], ["iat": "9999999999"], ["exp": "1000"],
        ["iss": "\"other\""], ["aud": "\"internal\""], ["aud": "[\"teahouse\"]"], ["sub": "7"], ["sub": "\"0\""],
        ["sub": "\"-7\""], ["sid": "\"x\""], ["sid": ""],
    ]) func `T04, T05: claims that are missing, out of range or for another use do not hold`(claims: [String: String])
        throws
    {
        let verifier = try self.verifierOfSeed()
        let header = #"{"alg":"EdDSA","kid":"one"}"#
        #expect(try verifier.verify(try self.forge(header: header, payload: self.payload())).user == UserID(7))
        #expect(throws: RequestError.unauthenticated) {
            try verifier.verify(try self.forge(header: header, payload: self.payload(claims)))
        }
    }

    @Test func `T04: a token ends at its time, also one seen before`() throws {
        let token = try self.tokens.token(life: .seconds(60))
        #expect(throws: Never.self) { try self.tokens.verifier.verify(token) }
        self.tokens.time.advance(by: .seconds(66))
        #expect(throws: RequestError.unauthenticated) { try self.tokens.verifier.verify(token) }
    }

    @Test func `T06: a revocation ends every token of its session at once, and no other`() throws {
        let session = UUID()
        let (first, second) = (
            try self.tokens.token(session: session), try self.tokens.token(session: session, life: .seconds(99))
        )
        let other = try self.tokens.token()
        #expect(throws: Never.self) { try self.tokens.verifier.verify(first) }
        self.tokens.verifier.revoke(
            RevokedSession(
                session: session, user: UserID(7),
                until: Timestamp(milliseconds: self.tokens.time.now.milliseconds + 9_000_000)))
        #expect(throws: RequestError.unauthenticated) { try self.tokens.verifier.verify(first) }
        #expect(throws: RequestError.unauthenticated) { try self.tokens.verifier.verify(second) }
        #expect(throws: Never.self) { try self.tokens.verifier.verify(other) }
    }

    @Test func `revocations of a snapshot count, and those over are forgotten in time`() throws {
        let session = UUID()
        let until = Timestamp(milliseconds: self.tokens.time.now.milliseconds + 60_000)
        let tokens = try TestTokens(revoked: [RevokedSession(session: session, user: UserID(7), until: until)])
        #expect(throws: RequestError.unauthenticated) { try tokens.verifier.verify(try tokens.token(session: session)) }
        tokens.time.advance(by: .seconds(3600))
        for _ in 0..<4 {
            tokens.verifier.revoke(RevokedSession(session: UUID(), user: UserID(8), until: tokens.time.now))
        }
        #expect(!tokens.verifier.isRevoked(session))
    }

    @Test func `a token of a key that was taken away ends, also one seen before`() throws {
        let token = try self.tokens.token()
        #expect(throws: Never.self) { try self.tokens.verifier.verify(token) }
        try self.tokens.verifier.setKeys(jwks: JSONWebKeySet(keys: [TokenSigner(kid: "two").publicKey]).text)
        #expect(throws: RequestError.unauthenticated) { try self.tokens.verifier.verify(token) }
    }

    @Test func `before the keys are known no token holds`() throws {
        let token = try self.tokens.token()
        #expect(throws: RequestError.unauthenticated) { try TokenVerifier(now: { self.tokens.time.now }).verify(token) }
    }

    @Test func `a token changed in any one place does not hold`() throws {
        let token = Array(try self.tokens.token().utf8)
        for place in token.indices where token[place] != UInt8(ascii: ".") {
            var changed = token
            changed[place] = token[place] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            #expect(throws: RequestError.unauthenticated) {
                try self.tokens.verifier.verify(String(decoding: changed, as: UTF8.self))
            }
        }
    }

    @Test func `more tokens than are remembered still hold`() throws {
        let verifier = TokenVerifier(now: { self.tokens.time.now }, remembered: 4)
        try verifier.load(jwks: JSONWebKeySet(keys: [self.tokens.signer.publicKey]).text, revoked: [])
        let many = try (1...20).map { try self.tokens.token(user: UserID($0)) }
        for _ in 0..<2 {
            for (place, token) in many.enumerated() {
                #expect(try verifier.verify(token).user == UserID(Int64(place + 1)))
            }
        }
    }

    @Test func `base64url has one text for one value`() {
        for count in 0..<50 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 77 &+ count) }
            #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
        }
        for bad in ["A", "QQ==", "QR", "Q+", "Q/", "QQ ", "Q\n", "QUF", "ＱＱ"] { #expect(Base64URL.decode(bad) == nil) }
    }
}
