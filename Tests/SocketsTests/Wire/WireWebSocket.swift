import NIOCore
import Testing

/// What comes over a WebSocket.
enum WireMessage: Equatable, CustomStringConvertible {
    case text(String)
    case binary([UInt8])
    case ping
    case pong([UInt8])
    case close(UInt16?)

    var description: String {
        switch self {
        case .text(let text): "text \(text)"
        case .binary(let bytes): "binary \(bytes)"
        case .ping: "ping"
        case .pong(let bytes): "pong \(bytes)"
        case .close(let code): "close \(code.map { String($0) } ?? "without code")"
        }
    }
}

/// The client's end of a WebSocket.
struct WireWebSocket {
    let client: WireClient

    /// Asks for a WebSocket at `target`; the server must answer 101.
    init(port: Int, _ target: String, headers: [String] = []) async throws {
        self.client = try await WireClient(port: port)
        let answer = try await Self.request(self.client, target, headers: headers)
        try #require(answer.status == 101)
        #expect(answer.headers["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    }

    /// Makes a connection that has been used for HTTP into one.
    init(upgrading client: WireClient, _ target: String) async throws {
        self.client = client
        try #require(try await Self.request(client, target, headers: []).status == 101)
    }

    /// A connection that has been answered 101.
    init(of client: WireClient) { self.client = client }

    /// The key of RFC 6455 §1.3.
    static func request(_ client: WireClient, _ target: String, headers: [String]) async throws -> WireAnswer {
        let upgrade = [
            "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        ]
        try await client.request("GET", target, headers: upgrade + headers)
        return try await client.answer()
    }

    func send(_ text: String) async throws { try await self.client.send(Self.frame(0x81, Array(text.utf8))) }
    func send(binary bytes: [UInt8]) async throws { try await self.client.send(Self.frame(0x82, bytes)) }
    func close(_ code: UInt16 = 1000) async throws {
        try await self.client.send(Self.frame(0x88, [UInt8(code >> 8), UInt8(code & 0xFF)]))
    }

    /// A masked frame whose first byte is `first`.
    static func frame(_ first: UInt8, _ payload: [UInt8], isMasked: Bool = true) -> ByteBuffer {
        var buffer = ByteBuffer(integer: first)
        let bit: UInt8 = isMasked ? 0x80 : 0
        if payload.count < 126 {
            buffer.writeInteger(bit | UInt8(payload.count))
        } else if payload.count < 65536 {
            buffer.writeMultipleIntegers(bit | 126, UInt16(payload.count))
        } else {
            buffer.writeMultipleIntegers(bit | 127, UInt64(payload.count))
        }
        guard isMasked else {
            buffer.writeBytes(payload)
            return buffer
        }
        let mask: [UInt8] = [0x12, 0xF3, 0x45, 0x9A]
        buffer.writeBytes(mask)
        buffer.writeBytes(payload.enumerated().map { $1 ^ mask[$0 % 4] })
        return buffer
    }

    /// The next frame; `nil` once TCP is closed.
    func next() async -> WireMessage? {
        guard var head = await self.client.read(2),
            let (first, second) = head.readMultipleIntegers(as: (UInt8, UInt8).self)
        else { return nil }
        var count = Int(second & 0x7F)
        if count == 126 {
            guard let long = await self.client.read(2).flatMap({ Self.integer($0, UInt16.self) }) else { return nil }
            count = Int(long)
        } else if count == 127 {
            guard let long = await self.client.read(8).flatMap({ Self.integer($0, UInt64.self) }) else { return nil }
            count = Int(long)
        }
        guard let payload = await self.client.read(count) else { return nil }
        let bytes = Array(payload.readableBytesView)
        switch first & 0x0F {
        case 1: return .text(String(buffer: payload))
        case 2: return .binary(bytes)
        case 8: return .close(Self.integer(payload, UInt16.self))
        case 9: return .ping
        default: return .pong(bytes)
        }
    }

    /// The next frame that is not a ping of Engine.IO; those are answered.
    func nextBesidesPings() async -> WireMessage? {
        while let message = await self.next() {
            guard message == .text("2") else { return message }
            try? await self.send("3")
        }
        return nil
    }

    private static func integer<I: FixedWidthInteger>(_ buffer: ByteBuffer, _: I.Type) -> I? {
        buffer.getInteger(at: buffer.readerIndex)
    }

    /// Whether the server ends the connection in good order: a Close frame, and TCP once it is answered. Other
    /// messages before it are passed over.
    func isClosedByServer(code: UInt16? = nil) async -> Bool {
        while let message = await self.next() {
            guard case .close(let given) = message else { continue }
            if let code, given != code { return false }
            try? await self.close(given ?? 1000)
            return await self.next() == nil
        }
        return false
    }
}
