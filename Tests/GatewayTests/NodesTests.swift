import Foundation
import NIOCore
import NIOPosix
import Testing

@testable import Gateway
@testable import ServiceKit

/// What a session needs reaches its node through any other one.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct NodesTests {
    @Test func `nodes hear of each other on the bus and hand requests over`() async throws {
        try await withGateways(2) { world in
            var handshake: String
            repeat {
                // 503 until the node has its keys.
                handshake = try await self.ask(world.gateways[0], "GET", "")
            } while handshake.hasPrefix("HTTP/1.1 503")
            let sid = try #require(handshake.firstMatch(of: /"sid":"(g0-[^"]+)"/)?.1)
            // The announcement is on its way: until then the other node knows no owner.
            while true {
                let answer = try await self.ask(world.gateways[1], "POST", "&sid=\(sid)", body: "40{}")
                if answer.hasPrefix("HTTP/1.1 200 OK") { break }
                try #require(answer.hasPrefix("HTTP/1.1 400 Bad Request"))
            }
            // The namespace's own refusal, so the packet has reached it.
            let packets = try await self.ask(world.gateways[1], "GET", "&sid=\(sid)")
            #expect(packets.contains("44{\"message\":"))
        }
    }

    @Test func `an address that every interface has cannot be announced`() {
        let keys = ConfigurationKeys(
            service: "gateway", environment: ["TEAHOUSE_MODE": "local", "GATEWAY_FORWARD_ADDRESS": "0.0.0.0:9101"])
        _ = GatewayConfiguration(keys)
        #expect(keys.problems.contains { $0.hasPrefix("GATEWAY_NODE_ADDRESS is needed") })
    }

    /// One request on a connection of its own; the whole answer.
    private func ask(
        _ address: SocketAddress, _ method: String, _ query: String, body: String = ""
    ) async throws -> String {
        let (bytes, continuation) = AsyncStream.makeStream(of: ByteBuffer.self)
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Collector(continuation))
                }
            }
            .connect(to: address).get()
        let target = "/socket.io/?EIO=4&transport=polling\(query)"
        let head = "\(method) \(target) HTTP/1.1\r\nHost: test\r\nConnection: close\r\n"
        try await channel.writeAndFlush(ByteBuffer(string: head + "Content-Length: \(body.utf8.count)\r\n\r\n" + body))
        var answer = ByteBuffer()
        for await part in bytes { answer.writeImmutableBuffer(part) }
        return String(buffer: answer)
    }
}

private final class Collector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let bytes: AsyncStream<ByteBuffer>.Continuation
    init(_ bytes: AsyncStream<ByteBuffer>.Continuation) { self.bytes = bytes }
    func channelRead(context: ChannelHandlerContext, data: NIOAny) { self.bytes.yield(Self.unwrapInboundIn(data)) }
    func channelInactive(context: ChannelHandlerContext) { self.bytes.finish() }
}
