import ChatAPI
import NIOCore
import ServiceKit
import Testing

@testable import Gateway

struct ConnectPayloadTests {
    private func read(_ text: String, maxCursors: Int = 2_000) throws -> ConnectPayload {
        try ConnectPayload.read(ByteBuffer(string: text), maxCursors: maxCursors)
    }

    private func cursors(_ count: Int) -> String {
        "{\"cursors\":{\((1...count).map { "\"\($0)\":1" }.joined(separator: ","))}}"
    }

    @Test func `so many cursors are taken and not one more`() throws {
        #expect(try self.read(self.cursors(2_000)).cursors?.count == 2_000)
        for count in [2_001, 10_000] {
            #expect(throws: RequestError.invalid("cursors", "has more than 2000 chatrooms")) {
                try self.read(self.cursors(count))
            }
        }
        #expect(throws: RequestError.invalid("cursors", "has more than 1 chatrooms")) {
            try self.read(self.cursors(2), maxCursors: 1)
        }
    }

    @Test(arguments: [
        "9223372036854775808", "-9223372036854775809", "1.5", "1e300", "\"5\"", "true", "null", "[1]", "{}",
    ])
    func `what is no whole number is refused`(cursor: String) {
        let error = #expect(throws: RequestError.self) { try self.read("{\"cursors\":{\"10\":\(cursor)}}") }
        #expect(error?.code == "invalid_request")
    }

    @Test(arguments: ["0", "-1", "x", "", "1.0", "01", "9007199254740992", "9223372036854775808"])
    func `what names no chatroom is refused`(chatroom: String) {
        let error = #expect(throws: RequestError.self) { try self.read("{\"cursors\":{\"\(chatroom)\":1}}") }
        #expect(error?.code == "invalid_request")
    }

    @Test(arguments: ["7", "[1]", "\"10\"", "true"])
    func `cursors that are none are refused`(cursors: String) {
        #expect(throws: RequestError.self) { try self.read("{\"cursors\":\(cursors)}") }
    }

    @Test(arguments: [
        (Seq.min, Seq(3)), (-1, 3), (0, 3), (4, 4), (9, 9), (10, 9), (1 << 53, 9), (1 << 60, 9), (.max, 9),
    ])
    func `any other number is taken to where the log is`(cursor: Seq, after: Seq) throws {
        let cursors = try #require(try self.read("{\"cursors\":{\"10\":\(cursor)}}").cursors)
        let view = ChatroomView(id: .lobby, head: 9, from: 4, joined: 4)
        let plan = ReplayPlan(views: [view], cursors: cursors, limits: .init())
        #expect(plan.chatrooms == [.init(view: view, after: after, isBehind: false)])
    }
}
