import NIOCore
import SocketIO
import Testing

struct EnginePacketTests {
    private static func decode(_ body: ByteBuffer) throws -> [EnginePacket] {
        var reader = EnginePayloadReader(body)
        var packets: [EnginePacket] = []
        while let packet = try reader.next() { packets.append(packet) }
        return packets
    }

    private static func message(_ text: String) -> EnginePacket { EnginePacket(.message, ByteBuffer(string: text)) }

    @Test(arguments: [
        ("4hello", [message("hello")]),
        ("2", [EnginePacket(.ping)]),
        ("2probe", [EnginePacket(.ping, ByteBuffer(string: "probe"))]),
        ("4test1\u{1E}4test2\u{1E}4test3", [message("test1"), message("test2"), message("test3")]),
        ("4hello\u{1E}bAQIDBA==", [message("hello"), EnginePacket(binary: ByteBuffer(bytes: [1, 2, 3, 4]))]),
        ("b", [EnginePacket(binary: ByteBuffer())]),
        ("4中文", [message("中文")]),
    ])
    func `payloads are read and written as the protocol's examples say`(
        _ body: String, _ packets: [EnginePacket]
    ) throws {
        #expect(try Self.decode(ByteBuffer(string: body)) == packets)
        #expect(EnginePayload.encode(packets) == ByteBuffer(string: body))
    }

    @Test(arguments: [
        ("", PacketError.empty), ("\u{1E}", .empty), ("4a\u{1E}", .empty), ("7", .unknownType), ("abc", .unknownType),
        ("x", .unknownType), ("bA", .invalidBase64), ("bAQID=", .invalidBase64), ("bAQ=D", .invalidBase64),
        ("b====", .invalidBase64), ("bAQI_", .invalidBase64), ("bAR==", .invalidBase64), ("bAQJ=", .invalidBase64),
    ])
    func `what is no payload is refused`(_ body: String, _ error: PacketError) {
        #expect(throws: error) { try Self.decode(ByteBuffer(string: body)) }
    }

    @Test func `text that is not UTF-8 is refused`() {
        #expect(throws: PacketError.invalidUTF8) { try Self.decode(ByteBuffer(bytes: [0x34, 0xC3, 0x28])) }
    }

    @Test func `packets before a bad one are still read, those after it are not`() throws {
        var reader = EnginePayloadReader(ByteBuffer(string: "4a\u{1E}4b\u{1E}z\u{1E}4c"))
        #expect(try reader.next() == Self.message("a"))
        #expect(try reader.next() == Self.message("b"))
        #expect(throws: PacketError.unknownType) { try reader.next() }
        #expect(try reader.next() == nil)
    }
}
