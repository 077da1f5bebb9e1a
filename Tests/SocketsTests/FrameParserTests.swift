import NIOCore
import Testing

@testable import Sockets

struct FrameParserTests {
    private static func parse(_ frames: [ByteBuffer], limit: Int = 1000, chunk: Int = .max) -> [FrameParser.Event] {
        var parser = FrameParser(maxMessageBytes: limit)
        var bytes = ByteBuffer()
        for frame in frames { bytes.writeImmutableBuffer(frame) }
        var events: [FrameParser.Event] = []
        while let slice = bytes.readSlice(length: min(chunk, bytes.readableBytes)), slice.readableBytes > 0 {
            parser.append(slice)
            while let event = parser.next() { events.append(event) }
        }
        return events
    }

    private static func frame(_ first: UInt8, _ text: String = "") -> ByteBuffer {
        WireWebSocket.frame(first, Array(text.utf8))
    }

    private static func text(_ text: String) -> FrameParser.Event { .text(ByteBuffer(string: text)) }

    @Test(arguments: [1, 2, 3, 7, .max])
    func `messages come out whole, however the bytes arrive`(_ chunk: Int) {
        let long = String(repeating: "茶", count: 100)
        let frames = [
            Self.frame(0x81, "hello"), Self.frame(0x81), Self.frame(0x82, "12345678901"), Self.frame(0x81, long),
        ]
        #expect(
            Self.parse(frames, chunk: chunk) == [
                Self.text("hello"), Self.text(""), .binary(ByteBuffer(string: "12345678901")), Self.text(long),
            ])
    }

    @Test(arguments: [1, .max])
    func `control frames may stand between the fragments of a message`(_ chunk: Int) {
        let frames = [
            Self.frame(0x01, "a"), Self.frame(0x89, "p"), Self.frame(0x00, "b"), Self.frame(0x8A),
            Self.frame(0x80, "c"),
        ]
        #expect(
            Self.parse(frames, chunk: chunk) == [.ping(ByteBuffer(string: "p")), .pong, Self.text("abc")])
    }

    @Test func `a character may be cut in two by fragments`() {
        let bytes = Array("茶".utf8)
        let frames = [
            WireWebSocket.frame(0x01, Array(bytes[..<1])), WireWebSocket.frame(0x80, Array(bytes[1...])),
        ]
        #expect(Self.parse(frames) == [Self.text("茶")])
    }

    @Test func `64 KiB and more take the long length`() {
        let frame = WireWebSocket.frame(0x82, [UInt8](repeating: 7, count: 70_000))
        #expect(Self.parse([frame], limit: 70_000) == [.binary(ByteBuffer(repeating: 7, count: 70_000))])
    }

    @Test(arguments: [
        ("unmasked", [0x81, 0x01, 0x61]),
        ("reserved bit", [0xC1, 0x80, 0, 0, 0, 0]),
        ("opcode 3", [0x83, 0x80, 0, 0, 0, 0]),
        ("opcode 11", [0x8B, 0x80, 0, 0, 0, 0]),
        ("fragmented ping", [0x09, 0x80, 0, 0, 0, 0]),
        ("ping of 126 bytes", [0x89, 0xFE, 0, 126, 0, 0, 0, 0]),
        ("continuation of nothing", [0x80, 0x80, 0, 0, 0, 0]),
        ("text amid a text", [0x01, 0x80, 0, 0, 0, 0, 0x81, 0x80, 0, 0, 0, 0]),
        ("length not minimal", [0x81, 0xFE, 0, 5]),
        ("long length not minimal", [0x81, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]),
        ("length of 2^63", [0x81, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0]),
        ("close of one byte", [0x88, 0x81, 0, 0, 0, 0, 3]),
        ("close 999", [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xE7]),
        ("close 1005", [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xED]),
    ])
    func `what RFC 6455 forbids is a protocol error`(_ what: String, _ bytes: [UInt8]) {
        #expect(Self.parse([ByteBuffer(bytes: bytes)]) == [.failure(.protocolError)])
        #expect(Self.parse([ByteBuffer(bytes: bytes)], chunk: 1) == [.failure(.protocolError)])
    }

    @Test(arguments: [[0xFF], [0xC3, 0x28], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE8, 0x8C]])
    func `text that is not UTF-8 is refused with 1007`(_ bytes: [UInt8]) {
        #expect(Self.parse([WireWebSocket.frame(0x81, bytes)]) == [.failure(.notUTF8)])
    }

    @Test func `a message too large is refused at its header`() {
        let header = ByteBuffer(bytes: [0x82, 0xFF, 0, 0, 1, 0, 0, 0, 0, 0])
        #expect(Self.parse([header]) == [.failure(.tooLarge)])
        #expect(Self.parse([WireWebSocket.frame(0x81, [UInt8](repeating: 0x61, count: 1001))]) == [.failure(.tooLarge)])
        #expect(Self.parse([WireWebSocket.frame(0x81, [UInt8](repeating: 0x61, count: 1000))]).count == 1)
        let fragments = [
            WireWebSocket.frame(0x01, [UInt8](repeating: 0x61, count: 600)),
            WireWebSocket.frame(0x80, [UInt8](repeating: 0x61, count: 401)),
        ]
        #expect(Self.parse(fragments) == [.failure(.tooLarge)])
    }

    @Test func `a ping still fits when fragments have used up the room`() {
        let frames = [
            WireWebSocket.frame(0x01, [UInt8](repeating: 0x61, count: 1000)), Self.frame(0x89, "ping"),
        ]
        #expect(Self.parse(frames) == [.ping(ByteBuffer(string: "ping"))])
    }

    @Test(arguments: [
        (ByteBuffer(bytes: [0x88, 0x80, 0, 0, 0, 0]), CloseCode?.none),
        (ByteBuffer(bytes: [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xE8]), CloseCode.normal),
        (WireWebSocket.frame(0x88, [0x0F, 0xA0] + Array("bye".utf8)), CloseCode(rawValue: 4000)),
    ])
    func `a close is told with its code, and nothing after it`(_ frame: ByteBuffer, _ code: CloseCode?) {
        #expect(Self.parse([frame, Self.frame(0x81, "late")]) == [.close(code)])
    }

    @Test func `a close whose reason is not UTF-8 is refused with 1007`() {
        #expect(Self.parse([WireWebSocket.frame(0x88, [0x03, 0xE8, 0xFF])]) == [.failure(.notUTF8)])
    }

    @Test(arguments: 1...10)
    func `damaged frames never trap, and mean the same however they arrive`(_ seed: UInt64) {
        var random = SplitMix(state: seed)
        for _ in 0..<200 {
            var bytes = ByteBuffer()
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let first: UInt8 = [0x81, 0x82, 0x01, 0x00, 0x80, 0x89, 0x88].randomElement(using: &random) ?? 0x81
                let count = Int.random(in: 0...200, using: &random)
                let payload = (0..<count).map { _ in UInt8.random(in: 0x20...0x7E, using: &random) }
                bytes.writeImmutableBuffer(WireWebSocket.frame(first, payload))
            }
            for _ in 0..<Int.random(in: 0...2, using: &random) {
                let place = Int.random(in: 0..<bytes.readableBytes, using: &random)
                bytes.setInteger(UInt8.random(in: 0...255, using: &random), at: place)
            }
            let chunk = Int.random(in: 1...64, using: &random)
            let events = Self.parse([bytes], limit: 500, chunk: chunk)
            #expect(events == Self.parse([bytes], limit: 500))
        }
    }
}

/// A small generator whose sequence is its seed's alone.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
