import ChatAPI
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import NIOPosix
import ServiceKit
import Testing

private struct Name: Codable, Equatable, Sendable { var name: String }

@Suite struct ServiceClientTests {
    private let seen = Box<[HTTPFields]>([])

    /// A service on a port of its own, as another process would be.
    private func withService(_ test: @escaping @Sendable (String) async throws -> Void) async throws {
        let held = AsyncStream<Void>.makeStream()
        let application = ServiceApplication(
            CommonConfiguration(testing: .social), tokens: try TestTokens().verifier, metrics: PrometheusMetrics(),
            logger: quiet)
        application.internalRoutes.group("internal", context: InternalContext.self)
            .post("echo") { [seen] request, context in
                seen.change { $0.append(request.headers) }
                return Answer(try await request.decode(as: Name.self, context: context))
            }
            .get("nothing") { _, _ in NoContent() }
            .get("refused") { _, _ -> Response in throw RequestError.notFound }
            .get("broken") { _, _ -> Response in throw ServiceUnavailable(service: "database", reason: "down") }
            .get("held") { _, _ -> Response in
                for await _ in held.stream {}
                return Response(RequestError.unavailable)
            }
        try await application.internalListener.test(.live) { client in
            // The server waits for its requests before it ends.
            defer { held.continuation.finish() }
            try await test("http://127.0.0.1:\(try #require(client.port))")
        }
    }

    private func client(_ urls: [String], key: String = "local-key-of-gateway", most: Int = 10) -> ServiceClient {
        ServiceClient(service: "social", urls: urls, key: key, maxConcurrent: most, logger: quiet)
    }

    /// The URL of a port where nobody listens.
    private func nobody() async throws -> String {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton).bind(
            host: "127.0.0.1", port: 0
        ).get()
        let port = try #require(channel.localAddress?.port)
        try await channel.close()
        return "http://127.0.0.1:\(port)"
    }

    /// Runs `body` anywhere, or on an event loop, where calls go another way.
    private func run<T: Sendable>(onLoop: Bool, _ body: @escaping @Sendable () async throws -> T) async throws -> T {
        guard onLoop else { return try await body() }
        return try await withTaskExecutorPreference(LoopExecutor.shared, operation: body)
    }

    @Test(arguments: [false, true])
    func `it sends JSON with key, request id and trace, and decodes the answer`(onLoop: Bool) async throws {
        try await self.withService { url in
            let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
            let scope = RequestScope(requestID: "request-17", trace: TraceContext(trace))
            let client = self.client([url])
            try await self.run(onLoop: onLoop) {
                let answer: Name = try await RequestScope.$current.withValue(scope) {
                    try await client.call(.post, "/internal/echo", Name(name: "tea"))
                }
                #expect(answer == Name(name: "tea"))
                let _: Nothing = try await client.call(.get, "/internal/nothing")
                let text = try await client.call(.post, "/internal/echo", json: ByteBuffer(string: #"{"name":"x"}"#))
                #expect(String(decoding: text, as: UTF8.self) == #"{"name":"x"}"#)
            }
            let headers = try #require(self.seen.value.first)
            #expect(headers[.requestID] == "request-17")
            let received: String? = headers[.traceparent]
            #expect(received == trace)
        }
    }

    @Test func `on an event loop a connection that was closed meanwhile is no failure`() async throws {
        let connections = Box(0)
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    connections.change { $0 += 1 }
                    try channel.pipeline.syncOperations.addHandler(AnswersOnce())
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let client = self.client(["http://127.0.0.1:\(try #require(server.localAddress?.port))"])
        for count in 1...3 {
            let _: [Int] = try await self.run(onLoop: true) { try await client.call(.post, "/x", Name(name: "tea")) }
            #expect(connections.value == count)
        }
        try await server.close()
    }

    @Test(arguments: [false, true])
    func `a refusal is thrown as it was given, and would be passed on so`(onLoop: Bool) async throws {
        try await self.withService { url in
            let client = self.client([url])
            let error = await #expect(throws: RefusedByService.self) {
                try await self.run(onLoop: onLoop) { let _: Nothing = try await client.call(.get, "/internal/refused") }
            }
            #expect(error?.code == "not_found")
            #expect(error?.status == .notFound)
        }
    }

    @Test(arguments: [false, true])
    func `a failure, a wrong key and an answer of another shape are unavailability`(onLoop: Bool) async throws {
        try await self.withService { url in
            let (client, wrong) = (self.client([url]), self.client([url], key: "wrong"))
            await #expect(throws: ServiceUnavailable.self) {
                try await self.run(onLoop: onLoop) { let _: Nothing = try await client.call(.get, "/internal/broken") }
            }
            await #expect(throws: ServiceUnavailable.self) {
                try await self.run(onLoop: onLoop) { let _: Nothing = try await wrong.call(.get, "/internal/nothing") }
            }
            await #expect(throws: ServiceUnavailable.self) {
                try await self.run(onLoop: onLoop) {
                    let _: [Int] = try await client.call(.post, "/internal/echo", Name(name: "tea"))
                }
            }
        }
    }

    @Test(arguments: [false, true])
    func `where one instance is down the next is asked`(onLoop: Bool) async throws {
        let down = try await self.nobody()
        try await self.withService { url in
            let (client, lonely) = (self.client([down, url]), self.client([down]))
            for key in [nil, 1, 2, 3, 4] as [Int64?] {
                let answer: Name = try await self.run(onLoop: onLoop) {
                    try await client.call(.post, "/internal/echo", Name(name: "tea"), preferring: key)
                }
                #expect(answer == Name(name: "tea"))
            }
            await #expect(throws: ServiceUnavailable.self) {
                try await self.run(onLoop: onLoop) { let _: Nothing = try await lonely.call(.get, "/internal/nothing") }
            }
        }
    }

    @Test func `no answer in time is unavailability, and a cancelled caller is gone`() async throws {
        try await self.withService { url in
            for onLoop in [false, true] {
                let client = self.client([url])
                await #expect(throws: ServiceUnavailable.self) {
                    try await self.run(onLoop: onLoop) {
                        let _: Nothing = try await client.call(.get, "/internal/held", timeout: .milliseconds(50))
                    }
                }
            }
            let calling = Task { () async throws -> Nothing in try await self.client([url]).call(.get, "/internal/held")
            }
            calling.cancel()
            await #expect(throws: CancellationError.self) { try await calling.value }
        }
    }

    @Test func `more calls at once than allowed fail at once`() async throws {
        let client = self.client(["http://127.0.0.1:1"], most: 0)
        await #expect(throws: ServiceUnavailable.self) {
            let _: Nothing = try await client.call(.get, "/internal/nothing")
        }
    }

    @Test func `a key prefers one instance, keys spread over all, and a lost instance moves only its own`() {
        let urls = (0..<4).map { "http://10.0.0.\($0):9003" }
        let (all, fewer) = (self.client(urls), self.client(Array(urls.dropLast())))
        var counts: [String: Int] = [:]
        for key in Int64(0)..<4_000 {
            let first = all.order(preferring: key)[0]
            counts[first, default: 0] += 1
            #expect(self.client(urls.reversed()).order(preferring: key)[0] == first)
            if first != urls[3] { #expect(fewer.order(preferring: key)[0] == first) }
        }
        #expect(counts.count == 4)
        #expect(counts.values.allSatisfy { (800...1_200).contains($0) })
    }
}

/// Runs tasks on one event loop.
private final class LoopExecutor: TaskExecutor {
    static let shared = LoopExecutor()
    private let eventLoop = MultiThreadedEventLoopGroup.singleton.next()

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        self.eventLoop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

/// Answers the first request of a connection, and closes it at the second.
private final class AnswersOnce: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private var heard = ""
    private var hasAnswered = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if self.hasAnswered { return context.close(promise: nil) }
        self.heard += String(buffer: Self.unwrapInboundIn(data))
        guard self.heard.hasSuffix("}") else { return }
        self.hasAnswered = true
        let answer = ByteBuffer(string: "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n[1]")
        context.writeAndFlush(Self.wrapOutboundOut(answer), promise: nil)
    }
}

@Suite struct AuthFeedTests {
    /// Auth, as much of it as others see.
    private struct Auth: Sendable {
        var snapshot: AuthSnapshot
        var changes: [AuthChange] = []
        var isDown = true
    }

    @Test func `it loads keys and revocations as often as it takes, then follows the feed`() async throws {
        let signer = TokenSigner(kid: "one")
        let time = TestTime()
        @Sendable func token(_ signer: TokenSigner, _ session: SessionID) throws -> String {
            try signer.sign(
                TokenClaims(
                    user: UserID(7), session: session, issuedAt: time.now,
                    expiresAt: Timestamp(milliseconds: time.now.milliseconds + 60_000)))
        }
        let until = Timestamp(milliseconds: time.now.milliseconds + 60_000)
        let (gone, current) = (UUID(), UUID())
        let auth = Box(
            Auth(
                snapshot: AuthSnapshot(
                    epoch: UUID(), position: 0, jwks: try JSONWebKeySet(keys: [signer.publicKey]).text,
                    revoked: [RevokedSession(session: gone, user: UserID(7), until: until)])))
        let application = ServiceApplication(
            CommonConfiguration(testing: .auth), tokens: try TestTokens().verifier, metrics: PrometheusMetrics(),
            logger: quiet)
        application.internalRoutes.group("internal", context: InternalContext.self)
            .get("snapshot") { _, _ in
                if auth.value.isDown { throw RequestError.unavailable }
                return auth.value.snapshot
            }
            .get("changes") { request, _ in
                let after = try request.query.require("after", as: Int64.self)
                let all = auth.value.changes.enumerated().map {
                    Change(position: Int64($0.offset + 1), what: $0.element)
                }
                return Changes(
                    epoch: auth.value.snapshot.epoch, position: Int64(all.count),
                    changes: all.filter { $0.position > after })
            }
        let (profiles, revoked) = (Box<[Profile]>([]), Box<[RevokedSession]>([]))
        try await application.internalListener.test(.live) { http in
            let client = ServiceClient(
                service: "auth", urls: ["http://127.0.0.1:\(try #require(http.port))"], key: "local-key-of-social",
                logger: quiet)
            let tokens = TokenVerifier(now: { time.now })
            let feed = AuthFeed(
                auth: client, tokens: tokens, logger: quiet,
                onProfile: { profile, _ in profiles.change { $0.append(profile) } },
                onRevoked: { session in revoked.change { $0.append(session) } })
            await #expect(throws: (any Error).self) { try await feed.read() }
            #expect(!feed.isReady)
            auth.change { $0.isDown = false }
            try await feed.read()
            #expect(feed.isReady)
            #expect(try tokens.verify(try token(signer, current)).session == current)
            #expect(throws: RequestError.unauthenticated) { try tokens.verify(try token(signer, gone)) }

            let second = TokenSigner(kid: "two")
            let end = RevokedSession(session: current, user: UserID(7), until: until)
            let both = try JSONWebKeySet(keys: [signer.publicKey, second.publicKey]).text
            auth.change {
                $0.changes = [
                    .keys(jwks: both), .sessionRevoked(end),
                    .profile(Profile(id: UserID(8), username: "bob", nickname: "Bob")),
                ]
            }
            try await feed.read()
            #expect(throws: RequestError.unauthenticated) { try tokens.verify(try token(signer, current)) }
            #expect(throws: Never.self) { try tokens.verify(try token(second, UUID())) }
            #expect(revoked.value == [end])
            #expect(profiles.value.map(\.username) == ["bob"])
        }
    }
}
