import ChatAPI
import Foundation
import NIOCore
import NIOPosix
import Testing

@testable import Gateway

/// A browser whose token is in the cookie.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct CookieTests {
    @Test func `the cookie alone is enough for CONNECT, and renewal does not tell the page a token`() async throws {
        try await withGateways { world in
            let cookie = "Cookie: token=\(try world.standIns.token(.alice))"
            let alice = try await TestClient(world.gateways[0], headers: [cookie, "Origin: http://test"])
            await alice.write("40{}")
            #expect(await alice.event("ready")?["user"] as? Int == 1)
            #expect(await alice.ask("renew", "{}")?.isEmpty == true)
        }
    }

    @Test func `the token of CONNECT counts more than the cookie`() async throws {
        try await withGateways { world in
            let cookie = "Cookie: token=\(try world.standIns.token(.bob))"
            let alice = try await TestClient(world.gateways[0], headers: [cookie, "Origin: http://test"])
            await alice.write("40{\"token\":\"\(try world.standIns.token(.alice))\"}")
            #expect(await alice.event("ready")?["user"] as? Int == 1)
            #expect((await alice.ask("renew", "{}")?["token"] as? String)?.isEmpty == false)
        }
    }

    @Test func `S02 with a cookie the handshake of a foreign page is refused, that of ours is not`() async throws {
        try await withGateways(environment: ["PUBLIC_ORIGINS": "https://app.example"]) { world in
            // Until its keys have come the Gateway turns everybody away.
            _ = try await world.enter(.alice)
            let cookie = "Cookie: token=\(try world.standIns.token(.alice))"
            for origin in ["https://evil.example", "null", "https://app.example.evil", "http://app.example"] {
                let headers = [cookie, "Origin: \(origin)"]
                #expect(try await self.status(world, "websocket", headers) == 400)
                #expect(try await self.status(world, "polling", headers) == 403)
            }
            #expect(try await self.status(world, "websocket", [cookie]) == 400, "no browser leaves it out")
            #expect(try await self.status(world, "polling", [cookie]) == 200, "a page of the same origin leaves it out")
            #expect(try await self.status(world, "websocket", [cookie, "Origin: https://app.example"]) == 101)
            #expect(try await self.status(world, "polling", [cookie, "Origin: https://app.example"]) == 200)
            #expect(try await self.status(world, "websocket", []) == 101, "whoever brings a token of their own")
        }
    }

    /// The status that a handshake is answered with.
    private func status(_ world: GatewayWorld, _ transport: String, _ headers: [String]) async throws -> Int? {
        let (lines, continuation) = AsyncStream.makeStream(of: String.self)
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Answers(continuation))
                }
            }
            .connect(to: world.gateways[0]).get()
        let upgrade = """
            Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n
            """
        let head = """
            GET /socket.io/?EIO=4&transport=\(transport) HTTP/1.1\r\nHost: test\r\n\
            \(transport == "websocket" ? upgrade : "")\(headers.map { "\($0)\r\n" }.joined())\r\n
            """
        try await channel.writeAndFlush(ByteBuffer(string: head))
        let answer = await lines.first { _ in true }
        // Whoever is refused finds it closed already.
        try? await channel.close()
        return answer?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
    }
}

/// Hands on what comes, as text.
private final class Answers: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let texts: AsyncStream<String>.Continuation

    init(_ texts: AsyncStream<String>.Continuation) { self.texts = texts }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.texts.yield(String(buffer: Self.unwrapInboundIn(data)))
    }

    func channelInactive(context: ChannelHandlerContext) { self.texts.finish() }
}
