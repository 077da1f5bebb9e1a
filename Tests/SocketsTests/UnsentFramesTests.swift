import NIOCore
import Testing

@testable import Sockets

/// What connections send in one turn is put together once, and each still gets exactly its own.
@Suite struct UnsentFramesTests {
    @Test func `whoever gets the same frames shares their bytes, whoever gets others does not`() {
        let frames = (0..<4).map { SharedFrame(.text, ByteBuffer(string: "frame\($0)")) }
        var latest: FrameRun?
        var first = UnsentFrames(frames[0], latest: &latest)
        var second = UnsentFrames(frames[0], latest: &latest)
        var third = UnsentFrames(frames[1], latest: &latest)
        first.append(frames[1])
        second.append(frames[1])
        third.append(frames[0])
        first.append(frames[2])
        second.append(frames[3])
        // Behind the one that went another way, and before it.
        var fourth = UnsentFrames(frames[1], latest: &latest)
        fourth.append(frames[0])
        fourth.append(frames[0])
        func joined(_ indices: Int...) -> String { indices.map { String(buffer: frames[$0].bytes) }.joined() }
        #expect(String(buffer: first.bytes) == joined(0, 1, 2))
        #expect(String(buffer: second.bytes) == joined(0, 1, 3))
        #expect(String(buffer: third.bytes) == joined(1, 0))
        #expect(String(buffer: fourth.bytes) == joined(1, 0, 0))
    }

    @Test func `any mix of frames leaves in its order`() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let frames = (0..<5).map { SharedFrame(.text, ByteBuffer(string: "<\($0)>")) }
            var latest: FrameRun?
            var unsent: [UnsentFrames?] = Array(repeating: nil, count: 6)
            var expected = Array(repeating: "", count: 6)
            for _ in 0..<60 {
                let frame = frames.randomElement(using: &random) ?? frames[0]
                // As a room does: the same frame to several, one after the other.
                for member in 0..<6 where Int.random(in: 0..<4, using: &random) > 0 {
                    if unsent[member] == nil {
                        unsent[member] = UnsentFrames(frame, latest: &latest)
                    } else {
                        unsent[member]?.append(frame)
                    }
                    expected[member] += String(buffer: frame.bytes)
                }
                // Some flush before the others.
                if let member = (0..<30).randomElement(using: &random), member < 6, let sent = unsent[member] {
                    #expect(String(buffer: sent.bytes) == expected[member])
                    unsent[member] = nil
                    expected[member] = ""
                }
            }
            for (sent, text) in zip(unsent, expected) { #expect(sent.map { String(buffer: $0.bytes) } ?? "" == text) }
        }
    }
}
