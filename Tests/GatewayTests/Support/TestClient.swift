import ChatAPI
import Foundation
import NIOCore
import NIOPosix

/// A Socket.IO client over one WebSocket, as thin as it can be: it says texts and hears texts.
final class TestClient: Sendable {
    private let channel: any Channel
    private let texts: AsyncStream<String>

    /// Connects; tries again while the Gateway answers anything but 101.
    ///
    /// - Parameter headers: lines of the handshake's head beside the usual ones.
    init(_ address: SocketAddress, headers: [String] = []) async throws {
        while true {
            let (texts, continuation) = AsyncStream.makeStream(of: String.self)
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(FrameReader(continuation))
                    }
                }
                .connect(to: address).get()
            let request = """
                GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\n\
                Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                \(headers.map { "\($0)\r\n" }.joined())\r\n
                """
            try await channel.writeAndFlush(ByteBuffer(string: request))
            // The first text is the Engine.IO handshake; without one the stream has ended.
            if await texts.first(where: { _ in true }) != nil {
                self.channel = channel
                self.texts = texts
                return
            }
        }
    }

    /// Connects to the namespace.
    convenience init(_ address: SocketAddress, token: String, _ more: String = "") async throws {
        try await self.init(address)
        await self.write("40{\"token\":\"\(token)\"\(more)}")
    }

    func write(_ text: String) async {
        let bytes = Array(text.utf8)
        var frame = ByteBuffer()
        frame.writeInteger(UInt8(0x81))
        // Masked, with a mask of zeros.
        switch bytes.count {
        case ..<126: frame.writeInteger(UInt8(0x80 | bytes.count))
        case ..<65_536:
            frame.writeInteger(UInt8(0x80 | 126))
            frame.writeInteger(UInt16(bytes.count))
        default:
            frame.writeInteger(UInt8(0x80 | 127))
            frame.writeInteger(UInt64(bytes.count))
        }
        frame.writeInteger(UInt32(0))
        frame.writeBytes(bytes)
        try? await self.channel.writeAndFlush(frame)
    }

    /// The next Socket.IO packet; `nil` at the end. Pings are answered.
    func next() async -> String? {
        for await text in self.texts {
            if text == "2" { await self.write("3") }
            if text.hasPrefix("4") { return String(text.dropFirst()) }
        }
        return nil
    }

    /// All packets until the end.
    func rest() async -> [String] {
        var packets: [String] = []
        while let packet = await self.next() { packets.append(packet) }
        return packets
    }

    /// The payload of the next event of this name; others are passed over.
    func event(_ name: String) async -> [String: Any]? {
        while let packet = await self.next() {
            guard packet.hasPrefix("2["), let array = Self.parse(packet.dropFirst()) else { continue }
            if array.first as? String == name { return array.last as? [String: Any] }
        }
        return nil
    }

    /// Why the Gateway is about to close.
    func bye() async -> String? { await self.event("bye")?["reason"] as? String }

    /// The seqs of the next entries (`message` and `change`) of a chatroom.
    func seqs(_ count: Int, in chatroom: ChatroomID) async -> [Seq] {
        var seqs: [Seq] = []
        while seqs.count < count, let packet = await self.next() {
            guard packet.hasPrefix("2[\"message\"") || packet.hasPrefix("2[\"change\""),
                let entry = Self.parse(packet.dropFirst())?.last as? [String: Any],
                (entry["chatroomId"] as? Int64) == chatroom.rawValue, let seq = entry["seq"] as? Int64
            else { continue }
            seqs.append(seq)
        }
        return seqs
    }

    /// Emits and waits for the acknowledgement; events that come meanwhile are passed over.
    func ask(_ name: String, _ payload: String, id: Int = 1) async -> [String: Any]? {
        await self.write("42\(id)[\"\(name)\",\(payload)]")
        return await self.acknowledgement(id)
    }

    func acknowledgement(_ id: Int) async -> [String: Any]? {
        while let packet = await self.next() {
            if packet.hasPrefix("3\(id)[") {
                return Self.parse(packet.dropFirst("3\(id)".count))?.first as? [String: Any]
            }
        }
        return nil
    }

    func send(_ text: String, to chatroom: ChatroomID, clientId: UUID = UUID(), id: Int = 1) async -> [String: Any]? {
        let message = "{\"type\":\"text\",\"content\":\"\(text)\"}"
        return await self.ask(
            "sendMessage", "{\"chatroomId\":\(chatroom),\"clientId\":\"\(clientId)\",\"message\":\(message)}", id: id)
    }

    func close() async { try? await self.channel.close() }

    private static func parse(_ text: Substring) -> [Any]? {
        (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [Any]
    }
}

extension [String: Any] {
    /// `error.code` of a refused acknowledgement.
    var refusal: String? { (self["error"] as? [String: Any])?["code"] as? String }
}

/// The head of the answer, then unmasked frames; anything but 101 ends the stream.
private final class FrameReader: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let texts: AsyncStream<String>.Continuation
    private var bytes: [UInt8] = []
    private var isUpgraded = false

    init(_ texts: AsyncStream<String>.Continuation) { self.texts = texts }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.bytes += Array(Self.unwrapInboundIn(data).readableBytesView)
        if !self.isUpgraded {
            guard let end = self.bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return }
            guard String(decoding: self.bytes.prefix(12), as: UTF8.self) == "HTTP/1.1 101" else {
                return context.close(promise: nil)
            }
            self.bytes.removeSubrange(..<end.upperBound)
            self.isUpgraded = true
        }
        while let (opcode, payload) = self.takeFrame() {
            if opcode == 1 { self.texts.yield(String(decoding: payload, as: UTF8.self)) }
            if opcode == 8 { return context.close(promise: nil) }
        }
    }

    func channelInactive(context: ChannelHandlerContext) { self.texts.finish() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func takeFrame() -> (UInt8, ArraySlice<UInt8>)? {
        guard self.bytes.count >= 2 else { return nil }
        var (length, start) = (Int(self.bytes[1] & 0x7F), 2)
        let extended = length == 126 ? 2 : length == 127 ? 8 : 0
        if extended > 0 {
            guard self.bytes.count >= 2 + extended else { return nil }
            length = self.bytes[2..<2 + extended].reduce(0) { $0 << 8 | Int($1) }
            start += extended
        }
        guard self.bytes.count >= start + length else { return nil }
        let frame = (self.bytes[0] & 0x0F, self.bytes[start..<start + length])
        self.bytes.removeFirst(start + length)
        return frame
    }
}
