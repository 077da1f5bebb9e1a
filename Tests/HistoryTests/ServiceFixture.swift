import ChatAPI
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Postgres
import Redis
import ServiceKit
import TestServers

@testable import History

/// History with all its parts, except that nothing runs by itself: a test reads the feeds when it wants.
struct ServiceFixture: Sendable {
    let parts: HistoryParts
    let others: OtherServices
    private let signer: TokenSigner

    /// - Parameters:
    ///   - url: another database than a fresh one.
    ///   - redisURL: another Redis than that of all tests.
    ///   - environment: more of what History is told.
    static func with(
        url: String? = nil, redisURL: String? = nil, environment: [String: String] = [:],
        _ body: @Sendable (ServiceFixture) async throws -> Void
    ) async throws {
        let others = OtherServices()
        try await others.run { othersURL in
            try await Self.with(url, redisURL, othersURL, others, environment, body)
        }
    }

    /// Auth, Social and Media at an address where nobody listens.
    static func alone(
        url: String? = nil, redisURL: String? = nil, _ body: @Sendable (ServiceFixture) async throws -> Void
    ) async throws {
        try await Self.with(url, redisURL, "http://127.0.0.1:1", OtherServices(), [:], body)
    }

    private static func with(
        _ url: String?, _ redisURL: String?, _ othersURL: String, _ others: OtherServices,
        _ more: [String: String], _ body: @Sendable (ServiceFixture) async throws -> Void
    ) async throws {
        guard let url else {
            return try await withDatabase { try await Self.with($0, redisURL, othersURL, others, more, body) }
        }
        guard let redisURL else {
            return try await withRedis { try await Self.with(url, $0, othersURL, others, more, body) }
        }
        let configuration = HistoryConfiguration(
            ConfigurationKeys(
                service: "history",
                environment: [
                    "TEAHOUSE_MODE": "local", "HISTORY_DATABASE_URL": url, "AUTH_URLS": othersURL,
                    "SOCIAL_URLS": othersURL, "MEDIA_URLS": othersURL, "HISTORY_PUBLIC_ADDRESS": "127.0.0.1:0",
                    "HISTORY_INTERNAL_ADDRESS": "127.0.0.1:0",
                ].merging(more) { $1 }))
        let signer = TokenSigner(kid: "test")
        let tokens = TokenVerifier()
        try tokens.load(jwks: try JSONWebKeySet(keys: [signer.publicKey]).text, revoked: [])
        let databases = try HistoryDatabases(configuration, logger: .tests)
        let redis = try Redis(urls: [redisURL], logger: .tests)
        let parts = HistoryParts(configuration, databases: databases, redis: redis, tokens: tokens, logger: .tests)
        try await databases.reading.migrate(schema: "history", HistoryService.migrations)
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(ServiceFixture(parts: parts, others: others, signer: signer)))
        } catch {
            result = .failure(error)
        }
        await redis.close()
        await databases.writing.close()
        await databases.reading.close()
        await databases.searching.close()
        for replica in databases.replicas { await replica.close() }
        try result.get()
    }

    /// A direct chatroom of its own, as the bus is shared with other tests.
    func direct(_ members: UserID...) async throws -> ChatroomID {
        let chatroom = ChatroomID(.random(in: 1_000_000...1_000_000_000_000))
        self.others.change(.directCreated(chatroom: chatroom, members: members))
        try await self.parts.socialFeed.read()
        return chatroom
    }

    /// The first of them owns it.
    func group(_ owner: UserID, _ others: UserID...) async throws -> ChatroomID {
        let chatroom = ChatroomID(.random(in: 1_000_000...1_000_000_000_000))
        self.others.change(.groupCreated(chatroom: chatroom, name: "tea", owner: owner))
        for user in others {
            self.others.change(
                .memberAdded(chatroom: chatroom, user: user, by: owner, role: .member, showsHistory: true))
        }
        try await self.parts.socialFeed.read()
        return chatroom
    }

    func send(
        _ text: String, from sender: UserID = .alice, to chatroom: ChatroomID, clientId: UUID = UUID()
    ) async -> AppendMessages.Result {
        await self.parts.appender.append([.text(text, from: sender, to: chatroom, clientId: clientId)])[0]
    }

    // MARK: Over HTTP

    struct Answered: Sendable {
        let status: HTTPResponse.Status
        let headers: HTTPFields
        let text: String

        func decode<T: Decodable>(_ type: T.Type = T.self) throws -> T { try JSONText.decode(T.self, from: self.text) }
        var code: String? { try? self.decode(ErrorBody.self).code }
    }

    /// A call at the public listener.
    func call(
        _ method: HTTPRequest.Method, _ path: String, as user: UserID?, _ body: String? = nil
    ) async throws -> Answered {
        var headers: HTTPFields = body == nil ? [:] : [.contentType: "application/json"]
        if let user {
            let claims = TokenClaims(
                user: user, session: UUID(), issuedAt: .now, expiresAt: Timestamp(Date(timeIntervalSinceNow: 3_600)))
            headers[.authorization] = "Bearer \(try self.signer.sign(claims))"
        }
        let answered = try await self.parts.application.publicListener.test(.router) { [headers] client in
            try await client.execute(
                uri: "/api/history\(path)", method: method, headers: headers, body: body.map { ByteBuffer(string: $0) })
        }
        return Answered(status: answered.status, headers: answered.headers, text: String(buffer: answered.body))
    }

    /// A call of the Gateway at the internal listener.
    func internalCall(_ path: String, _ body: some Encodable, key: String = "local-key-of-gateway") async throws
        -> Answered
    {
        let bytes = ByteBuffer(string: try JSONText.encode(body))
        let headers: HTTPFields = [.contentType: "application/json", .authorization: "Bearer \(key)"]
        let answered = try await self.parts.application.internalListener.test(.router) { client in
            try await client.execute(uri: "/internal/\(path)", method: .post, headers: headers, body: bytes)
        }
        return Answered(status: answered.status, headers: answered.headers, text: String(buffer: answered.body))
    }
}

extension AppendMessages.Item {
    static func text(
        _ text: String, from sender: UserID = .alice, to chatroom: ChatroomID, clientId: UUID = UUID()
    ) -> Self {
        AppendMessages.Item(
            senderId: sender, chatroomId: chatroom, clientId: clientId,
            message: MessageBody(type: .text, content: text))
    }
}
