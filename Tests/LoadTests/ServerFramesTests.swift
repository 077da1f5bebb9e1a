import NIOCore
import Testing

@testable import loadtest

struct ServerFramesTests {
    private static func frame(_ payload: String) -> [UInt8] {
        let count = payload.utf8.count
        let length: [UInt8] = count < 126 ? [UInt8(count)] : [126, UInt8(count >> 8), UInt8(count & 0xFF)]
        return [0x81] + length + Array(payload.utf8)
    }

    @Test(arguments: [1, 2, 3, 7, 500, 10_000])
    func `frames come whole however the bytes are cut`(size: Int) {
        let texts = ["2", String(repeating: "é", count: 200), "", "42[\"message\",{}]"]
        let bytes = texts.flatMap { Self.frame($0) }
        var frames = ServerFrames()
        var heard: [String] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            let part = ByteBuffer(bytes: bytes[start..<min(start + size, bytes.count)])
            let isSound = frames.read(part) { opcode, payload in
                #expect(opcode == .text)
                heard.append(String(decoding: payload, as: UTF8.self))
            }
            #expect(isSound)
        }
        #expect(heard == texts)
    }

    @Test(
        arguments: [
            [0x81, 0x81, 0, 0, 0, 0, 0x32], [0x01, 0x00], [0xC1, 0x00], [0x83, 0x00],
            [0x81, 127, 255, 0, 0, 0, 0, 0, 0, 0],
        ] as [[UInt8]])
    func `what a Gateway does not write is found out`(bytes: [UInt8]) {
        var frames = ServerFrames()
        #expect(!frames.read(ByteBuffer(bytes: bytes)) { _, _ in })
    }

    @Test func `an event's numbers are found without decoding it`() {
        let text = #"42["message",{"chatroomId":7,"content":"@123456789xx","id":"7.42","seq":42,"type":"text"}]"#
        var copy = text
        copy.withUTF8 { bytes in
            let raw = UnsafeRawBufferPointer(bytes)
            #expect(raw.number(after: "\"seq\":") == 42)
            #expect(raw.sentAt == 123_456_789)
            #expect(raw.string(after: "\"type\":\"") == "text")
            #expect(raw.number(after: "\"head\":") == nil)
        }
    }
}
