import ChatAPI
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import ServiceKit
import Synchronization

let quiet = Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }

/// A moment that tests move.
final class TestTime: Sendable {
    private let milliseconds: Mutex<Int64>

    init(_ start: Timestamp = Timestamp(milliseconds: 1_800_000_000_000)) {
        self.milliseconds = Mutex(start.milliseconds)
    }

    var now: Timestamp { Timestamp(milliseconds: self.milliseconds.withLock { $0 }) }

    func advance(by duration: Duration) {
        self.milliseconds.withLock { $0 += Int64(duration / .milliseconds(1)) }
    }
}

/// What tests collect from several tasks.
final class Box<Value: Sendable>: Sendable {
    private let stored: Mutex<Value>

    init(_ value: Value) { self.stored = Mutex(value) }

    var value: Value { self.stored.withLock { $0 } }

    func change(_ body: (inout Value) -> Void) { self.stored.withLock { body(&$0) } }
}

/// Tokens and who accepts them.
struct TestTokens {
    let time = TestTime()
    let signer = TokenSigner(kid: "one")
    let verifier: TokenVerifier

    init(revoked: [RevokedSession] = []) throws {
        self.verifier = TokenVerifier(now: { [time] in time.now })
        try self.verifier.load(jwks: JSONWebKeySet(keys: [self.signer.publicKey]).text, revoked: revoked)
    }

    func claims(user: UserID = UserID(7), session: SessionID = UUID(), life: Duration = .seconds(7 * 86400))
        -> TokenClaims
    {
        TokenClaims(
            user: user, session: session, issuedAt: self.time.now,
            expiresAt: Timestamp(milliseconds: self.time.now.milliseconds + Int64(life / .milliseconds(1))))
    }

    func token(user: UserID = UserID(7), session: SessionID = UUID(), life: Duration = .seconds(7 * 86400)) throws
        -> String
    {
        try self.signer.sign(self.claims(user: user, session: session, life: life))
    }
}

extension HTTPFields {
    static func bearer(_ token: String) -> HTTPFields { [.authorization: "Bearer \(token)"] }
    static let json: HTTPFields = [.contentType: "application/json"]

    func with(_ name: HTTPField.Name, _ value: String) -> HTTPFields {
        var fields = self
        fields[name] = value
        return fields
    }
}

extension TestResponse {
    var text: String { String(buffer: self.body) }

    func decode<T: Decodable>(_ type: T.Type = T.self) throws -> T {
        try JSONDecoder().decode(type, from: Data(self.body.readableBytesView))
    }
}
