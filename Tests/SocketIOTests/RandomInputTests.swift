import Foundation
import NIOCore
import SocketIO
import Testing

/// Seeded random input: the same on every run.
struct RandomInputTests {
    private static let samples: [String] = [
        "0", #"0{"token":"123"}"#, "0/custom,", #"2["hey",1]"#, #"212["hey",{"a":[1,2.5e-3,null]}]"#,
        #"2/admin,7["x","\ud83d\ude00"]"#, "3/admin,7[]", "1/admin,",
        #"52-789["e",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#, "61-[[]]", "4test1\u{1E}4中文",
        "4hello\u{1E}bAQIDBA==",
    ]
    private static let pieces: [String] = [
        "[", "]", "{", "}", "\"", ",", ":", "\\", "\\u", "d83d", "-", "1e999", "0", "9", "/", "null", "true", "num",
        "_placeholder", "\u{1E}", "b", "\u{0}", "中", "😀",
    ]

    private static func mutated(_ text: String, _ random: inout SplitMix) -> ByteBuffer {
        var bytes = Array(text.utf8)
        for _ in 0...Int.random(in: 0..<4, using: &random) {
            let place = Int.random(in: 0...bytes.count, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0 where place < bytes.count: bytes.remove(at: place)
            case 1 where place < bytes.count: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 2: bytes.removeSubrange(place...)
            default: bytes.insert(contentsOf: Self.pieces.randomElement(using: &random)?.utf8 ?? "".utf8, at: place)
            }
        }
        return ByteBuffer(bytes: bytes)
    }

    @Test(arguments: 1...8)
    func `no input traps, and what is taken is JSON to others too`(_ seed: UInt64) throws {
        var random = SplitMix(state: seed)
        var taken = 0
        for _ in 0..<3_000 {
            let input = Self.mutated(Self.samples.randomElement(using: &random) ?? "", &random)
            var reader = EnginePayloadReader(input)
            while let packet = try? reader.next() { _ = EnginePayload.encode([packet]) }
            guard input.isValidUTF8 else { continue }
            var decoder = SocketPacketDecoder(maxAttachmentBytes: 100)
            guard let received = try? decoder.receive(text: input) else { continue }
            taken += 1
            for text in [received.packet.payload] + (received.event?.arguments ?? []) where text.readableBytes > 0 {
                #expect(Self.isJSON(text), "taken: \(String(buffer: text))")
            }
            #expect(try Self.isSame(received, again: received.packet.text))
        }
        #expect(taken > 100)
    }

    /// Whether Foundation takes it too, except for what it refuses and JavaScript makes: lone surrogates and huge
    /// exponents.
    private static func isJSON(_ text: ByteBuffer) -> Bool {
        let string = String(buffer: text)
        if string.contains("\\u") || string.contains(/[eE]/) { return true }
        return (try? JSONSerialization.jsonObject(with: Data(string.utf8), options: .fragmentsAllowed)) != nil
    }

    /// Written and read again it is the same packet.
    private static func isSame(_ received: SocketPacketDecoder.Received, again text: String) throws -> Bool {
        var decoder = SocketPacketDecoder(maxAttachmentBytes: 100)
        return try decoder.receive(text: ByteBuffer(string: text)) == received
    }

    @Test(arguments: 1...4)
    func `binary messages survive a payload`(_ seed: UInt64) throws {
        var random = SplitMix(state: seed)
        for count in 0..<200 {
            let data = ByteBuffer(bytes: (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) })
            let body = EnginePayload.encode([EnginePacket(binary: data)])
            #expect(body.readableBytes == EnginePayload.binaryLength(count))
            #expect(String(buffer: body) == "b" + Data(data.readableBytesView).base64EncodedString())
            var reader = EnginePayloadReader(body)
            #expect(try reader.next() == EnginePacket(binary: data))
        }
    }
}

/// A small generator whose sequence is its seed's alone.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
