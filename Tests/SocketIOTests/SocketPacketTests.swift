import NIOCore
import SocketIO
import Testing

struct SocketPacketTests {
    private static func decode(_ text: String, binaries: [[UInt8]] = []) throws -> SocketPacketDecoder.Received? {
        var decoder = SocketPacketDecoder(maxAttachmentBytes: 1000)
        var received = try decoder.receive(text: ByteBuffer(string: text))
        for binary in binaries { received = try decoder.receive(binary: ByteBuffer(bytes: binary)) }
        return received
    }

    @Test(arguments: [
        ("0", SocketPacket(.connect)),
        (#"0{"token":"123"}"#, SocketPacket(.connect, payload: #"{"token":"123"}"#)),
        ("0/custom", SocketPacket(.connect, namespace: "/custom")),
        ("0/custom,", SocketPacket(.connect, namespace: "/custom")),
        (#"0/admin?x=1,{}"#, SocketPacket(.connect, namespace: "/admin?x=1", payload: "{}")),
        (#"2["hey",1]"#, SocketPacket(.event, payload: #"["hey",1]"#)),
        (#"212["hey"]"#, SocketPacket(.event, id: "12", payload: #"["hey"]"#)),
        (#"2/admin,7["x"]"#, SocketPacket(.event, namespace: "/admin", id: "7", payload: #"["x"]"#)),
        ("3/admin,7[]", SocketPacket(.acknowledgement, namespace: "/admin", id: "7", payload: "[]")),
        ("1/admin,", SocketPacket(.disconnect, namespace: "/admin")),
        ("1", SocketPacket(.disconnect)),
        (#"2007["x"]"#, SocketPacket(.event, id: "007", payload: #"["x"]"#)),
        (
            #"2123456789012345678901234567890["x"]"#,
            SocketPacket(.event, id: "123456789012345678901234567890", payload: #"["x"]"#)
        ),
        (#"50-["e"]"#, SocketPacket(.event, payload: #"["e"]"#)),
    ])
    func `packets are read as the protocol's examples say`(_ text: String, _ packet: SocketPacket) throws {
        #expect(try Self.decode(text)?.packet == packet)
    }

    @Test(arguments: [
        (SocketPacket(.connect, payload: #"{"sid":"x"}"#), #"0{"sid":"x"}"#),
        (SocketPacket(.connect, namespace: "/custom", payload: #"{"sid":"x"}"#), #"0/custom,{"sid":"x"}"#),
        (SocketPacket(.disconnect, namespace: "/custom"), "1/custom,"),
        (
            SocketPacket(.connectError, namespace: "/random", payload: #"{"message":"Invalid namespace"}"#),
            #"4/random,{"message":"Invalid namespace"}"#
        ),
        (SocketPacket(.event, namespace: "/admin", id: "7", payload: #"["x"]"#), #"2/admin,7["x"]"#),
        (SocketPacket(.acknowledgement, id: "789", payload: "[]", attachments: [ByteBuffer()]), "61-789[]"),
        (SocketPacket(.event, payload: #"["e"]"#, attachments: [ByteBuffer(), ByteBuffer()]), #"52-["e"]"#),
    ])
    func `packets are written as the protocol's examples say`(_ packet: SocketPacket, _ text: String) {
        #expect(packet.text == text)
    }

    @Test func `attachments follow their packet`() throws {
        let text = #"52-789["e",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#
        let received = try #require(try Self.decode(text, binaries: [[1, 2], [3]]))
        #expect(received.packet.kind == .event)
        #expect(received.packet.id == "789")
        #expect(received.packet.attachments == [ByteBuffer(bytes: [1, 2]), ByteBuffer(bytes: [3])])
        #expect(received.event?.name == "e")
        #expect(received.packet.text == text)
    }

    @Test(arguments: [
        ("", PacketError.empty), ("7", .unknownType), ("abc", .unknownType), ("9", .unknownType),
        ("2", .wrongShape), ("2{}", .wrongShape), ("2[]", .wrongShape), ("2[null]", .wrongShape),
        (#"2"x""#, .wrongShape), ("2[{}]", .wrongShape), ("2[true]", .wrongShape),
        (#"2abc["x"]"#, .invalidJSON), (#"2["x""#, .invalidJSON), (#"2["x"]]"#, .invalidJSON),
        (#"2["x",]"#, .invalidJSON), (#"2["x" 1]"#, .invalidJSON), ("2[01]", .invalidJSON), ("2[1.]", .invalidJSON),
        (#"2["x",-]"#, .invalidJSON), (#"2["x",.5]"#, .invalidJSON), (#"2["x",1e]"#, .invalidJSON),
        (#"2["x",nul]"#, .invalidJSON), (#"2["x",{"a"}]"#, .invalidJSON), (#"2["x",{a:1}]"#, .invalidJSON),
        ("2[\"\n\"]", .invalidJSON), (#"2["\x"]"#, .invalidJSON), (#"2["\u12g4"]"#, .invalidJSON),
        (#"2["connect"]"#, .reservedName), (#"2["disconnecting",1]"#, .reservedName),
        (#"2["\u0063onnect"]"#, .reservedName), (#"2["newListener"]"#, .reservedName),
        ("0[]", .wrongShape), ("0null", .wrongShape), (#"0"x""#, .wrongShape), ("0{", .invalidJSON),
        ("1{}", .wrongShape), ("3[]", .invalidAcknowledgementID), ("31{}", .wrongShape), ("31", .invalidJSON),
        (#"4{"message":"x"}"#, .unknownType),
        (#"2-["x"]"#, .invalidJSON), (#"5["x"]"#, .invalidAttachmentCount), (#"51["x"]"#, .invalidAttachmentCount),
        (#"511-["x"]"#, .invalidAttachmentCount), (#"599999999999-["x"]"#, .invalidAttachmentCount),
        (#"51-["x",{"_placeholder":true,"num":1}]"#, .invalidPlaceholder),
        (#"51-["x",{"_placeholder":true,"num":-1}]"#, .invalidPlaceholder),
        (#"51-["x",{"_placeholder":true,"num":1.5}]"#, .invalidPlaceholder),
        (#"51-["x",{"_placeholder":true,"num":"0"}]"#, .invalidPlaceholder),
        (#"51-["x",[{"_placeholder":true}]]"#, .invalidPlaceholder),
        (#"51-["x",{"_placeholder":true,"num":0,"num":99}]"#, .invalidPlaceholder),
        (#"51-["x",{"\u005fplaceholder":true,"num":9}]"#, .invalidPlaceholder),
        ("2" + String(repeating: "1", count: 41) + #"["x"]"#, .invalidAcknowledgementID),
    ])
    func `what is no packet is refused`(_ text: String, _ error: PacketError) {
        #expect(throws: error) { try Self.decode(text) }
    }

    @Test func `a placeholder is plain data where there are no attachments`() throws {
        let text = #"2["x",{"_placeholder":true,"num":7}]"#
        #expect(try Self.decode(text)?.event?.arguments.count == 1)
    }

    @Test func `nothing of Socket IO may come between a packet and its attachments`() throws {
        var decoder = SocketPacketDecoder(maxAttachmentBytes: 1000)
        let first = try decoder.receive(text: ByteBuffer(string: #"52-["x"]"#))
        #expect(first == nil)
        #expect(throws: PacketError.unexpectedText) { try decoder.receive(text: ByteBuffer(string: #"2["y"]"#)) }
    }

    @Test func `binary that nobody announced is refused`() {
        var decoder = SocketPacketDecoder(maxAttachmentBytes: 1000)
        #expect(throws: PacketError.unexpectedBinary) { try decoder.receive(binary: ByteBuffer(bytes: [1])) }
    }

    @Test func `attachments that are too large together are refused`() throws {
        var decoder = SocketPacketDecoder(maxAttachmentBytes: 1000)
        _ = try decoder.receive(text: ByteBuffer(string: #"53-["x"]"#))
        _ = try decoder.receive(binary: ByteBuffer(repeating: 0, count: 600))
        #expect(throws: PacketError.tooLarge) {
            try decoder.receive(binary: ByteBuffer(repeating: 0, count: 401))
        }
    }

    @Test func `nesting ends at 64`() throws {
        func nested(_ depth: Int) -> String {
            #"2["x","# + String(repeating: "[", count: depth - 1) + String(repeating: "]", count: depth)
        }
        #expect(try Self.decode(nested(64)) != nil)
        #expect(throws: PacketError.tooDeep) { try Self.decode(nested(65)) }
        #expect(throws: PacketError.tooDeep) { try Self.decode("2" + String(repeating: "[", count: 100_000)) }
        let objects = String(repeating: #"{"a":"#, count: 100_000)
        #expect(throws: PacketError.tooDeep) { try Self.decode("0" + objects) }
    }
}
