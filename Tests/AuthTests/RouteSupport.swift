import ChatAPI
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Postgres
import ServiceKit
import Synchronization
import TestServers
import Testing

@testable import Auth

/// Auth on a database of the test's own, called through its listeners' routes.
struct TestAuth: Sendable {
    let parts: AuthParts
    let postgres: Postgres
    let clock: TestClock
    /// The public listener.
    let edge: Caller
    /// The internal one.
    let inside: Caller

    /// What registration and sign-in answer.
    typealias SignedIn = AccountRoutes.SignedIn

    func register(_ name: String, password: String = "open sesame") async throws -> SignedIn {
        let answer = try await self.edge.call(
            .post, "/api/auth/register", #"{"username":"\#(name)","password":"\#(password)"}"#)
        try #require(answer.status == .created)
        return try answer.decode()
    }

    func login(_ name: String, password: String = "open sesame") async throws -> TestResponse {
        try await self.edge.call(.post, "/api/auth/login", #"{"username":"\#(name)","password":"\#(password)"}"#)
    }

    func renewInside(_ tokens: [String]) async throws -> [String?] {
        let body = String(decoding: try JSONEncoder().encode(RenewTokens(tokens: tokens)), as: UTF8.self)
        let answer = try await self.inside.call(.post, "/internal/tokens/renew", body, token: "local-key-of-gateway")
        return try answer.decode(as: RenewTokens.Answer.self).tokens
    }
}

/// Calls one listener.
struct Caller: Sendable {
    let client: any TestClientProtocol

    func call(
        _ method: HTTPRequest.Method, _ path: String, _ json: String? = nil, token: String? = nil,
        headers: [String: String] = [:]
    ) async throws -> TestResponse {
        var fields = HTTPFields()
        if json != nil { fields[.contentType] = "application/json" }
        if let token { fields[.authorization] = "Bearer \(token)" }
        for (name, value) in headers { fields[try #require(HTTPField.Name(name))] = value }
        return try await self.client.executeRequest(
            uri: path, method: method, headers: fields, body: json.map { ByteBuffer(string: $0) })
    }
}

extension TestResponse {
    func decode<T: Decodable>(as type: T.Type = T.self) throws -> T {
        try JSONDecoder().decode(T.self, from: Data(self.body.readableBytesView))
    }

    /// The `code` of a refusal.
    var code: String? { try? self.decode(as: ErrorBody.self).code }
}

/// - Parameters:
///   - environment: keys beside those of local mode.
///   - cost: of a password's hash; cheap unless it is what is tested.
func withAuth(
    environment: [String: String] = [:], cost: PasswordHasher.Cost = .init(passes: 1, memoryBytes: 64 * 1024),
    _ body: @escaping @Sendable (TestAuth) async throws -> Void
) async throws {
    let seed = Base64URL.encode([UInt8](repeating: 7, count: 32))
    let usual = [
        "TEAHOUSE_MODE": "local", "AUTH_DATABASE_URL": "postgresql://", "AUTH_SIGNING_KEYS": "k1:\(seed)",
    ]
    var configuration = AuthConfiguration(
        ConfigurationKeys(service: "auth", environment: usual.merging(environment) { $1 }))
    configuration.passwordCost = cost
    let configured = configuration
    try await withPostgres(schema: "auth", migrations: AuthService.migrations) { postgres in
        let clock = TestClock()
        let parts = try AuthParts(
            configured, postgres: postgres, logger: Logger(label: "test"), now: { clock.now }, announce: { _ in })
        try await parts.changes.publish(jwks: parts.keys.jwks)
        try await parts.feed.read()
        let application = parts.application(configured.common)
        let (edge, inside) = (application.publicListener, application.internalListener)
        try await edge.test(.router) { edge in
            try await inside.test(.router) { inside in
                try await body(
                    TestAuth(
                        parts: parts, postgres: postgres, clock: clock, edge: Caller(client: edge),
                        inside: Caller(client: inside)))
            }
        }
    }
}
