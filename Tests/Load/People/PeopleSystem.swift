import AsyncHTTPClient
import ChatAPI
import Foundation
import NIOCore
import NIOHTTP1
import ServiceKit

/// The one service that is under load, and how it is called.
struct PeopleSystem: Sendable {
    let `public`: String
    let `internal`: String
    let secret: Secret
    private let http: HTTPClient

    init(public: String, internal: String, secret: Secret, connections: Int = 256) {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
        configuration.connectionPool.idleTimeout = .seconds(20)
        configuration.timeout.connect = .seconds(10)
        self.public = `public`
        self.internal = `internal`
        self.secret = secret
        self.http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// - Returns: the body of a good answer.
    /// - Throws: ``UnexpectedAnswer`` for any other.
    func call(_ method: HTTPMethod, _ url: String, bearer: String? = nil, body: String? = nil) async throws
        -> ByteBuffer
    {
        var request = HTTPClientRequest(url: url)
        request.method = method
        if let bearer { request.headers.add(name: "authorization", value: "Bearer \(bearer)") }
        if let body {
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(ByteBuffer(string: body))
        }
        let answer = try await self.http.execute(request, timeout: .seconds(30))
        let received = try await answer.body.collect(upTo: 64 << 20)
        guard (200..<300).contains(answer.status.code) else { throw UnexpectedAnswer(status: answer.status.code) }
        return received
    }

    /// As a Gateway.
    func callInside(_ path: String, body: String) async throws -> ByteBuffer {
        try await self.call(
            .POST, self.internal + path, bearer: self.secret.serviceKey(of: "gateway"), body: body)
    }

    /// How often PostgreSQL has answered so far, by the pool that asked.
    func answers() async throws -> [String: Double] {
        let text = String(
            buffer: try await self.call(
                .GET, self.internal + "/metrics", bearer: self.secret.serviceKey(of: "operator")))
        var answers: [String: Double] = [:]
        for line in text.split(separator: "\n") {
            let beginning = "postgres_answer_seconds_count{pool=\""
            guard line.hasPrefix(beginning), let space = line.lastIndex(of: " "),
                let value = Double(line[line.index(after: space)...])
            else { continue }
            answers[String(line.dropFirst(beginning.count).prefix { $0 != "\"" }), default: 0] += value
        }
        return answers
    }

    func close() async { try? await self.http.shutdown() }
}

/// A token of a seeded user.
struct PeopleTokens: Sendable {
    private let signer: TokenSigner

    init(_ secret: Secret) throws { self.signer = try secret.signer }

    func token(of user: Int64, session: UUID = UUID()) throws -> String {
        let now = Timestamp.now
        return try self.signer.sign(
            TokenClaims(
                user: UserID(user), session: session, issuedAt: now,
                expiresAt: Timestamp(milliseconds: now.milliseconds + 86_400_000)))
    }
}
