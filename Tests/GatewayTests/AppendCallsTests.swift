import ChatAPI
import Foundation
import NIOCore
import ServiceKit
import Testing

@testable import Gateway

struct AppendCallsTests {
    private let rules = MessageRules(maxCharacters: 10)

    private func message(_ body: String) throws -> OutgoingMessage {
        let text = "{\"chatroomId\":10,\"clientId\":\"\(UUID())\",\"message\":\(body)}"
        return try OutgoingMessage(JSONMembers(Array(text.utf8)), from: .alice, by: self.rules)
    }

    @Test func `a message goes as it was written`() throws {
        let bodies = [
            #"{"type":"text","content":"a\u00e4 \"茶\""}"#,
            #"{ "content" : "x", "type":"text","replyTo":3,"mentions":[2]}"#,
        ]
        let messages = try bodies.map(self.message)
        let call = AppendCalls.body(of: messages[...])
        #expect(String(buffer: call).contains(bodies[0]))
        let read = try JSONDecoder().decode(AppendMessages.self, from: Data(call.readableBytesView)).messages
        #expect(read.map(\.clientId) == messages.map(\.clientId))
        #expect(read.map(\.senderId) == [.alice, .alice])
        #expect(read.map(\.chatroomId) == [.lobby, .lobby])
        #expect(read.map(\.message.content) == ["aä \"茶\"", "x"])
        #expect(read[1].message.mentions == [.bob])
    }

    /// They go into one call: what one client nests too deep would refuse what the others say.
    @Test func `nothing goes on that was not judged`() throws {
        let deep = String(repeating: "[", count: 61) + String(repeating: "]", count: 61)
        let message = try self.message("{\"type\":\"text\",\"junk\":\(deep),\"content\":\"x\",\"mentions\":null}")
        #expect(String(decoding: message.body, as: UTF8.self) == #"{"type":"text","content":"x"}"#)
        let call = AppendCalls.body(of: [message])
        #expect(try StrictJSON.decode(AppendMessages.self, from: Array(buffer: call)).messages.count == 1)
    }

    @Test(arguments: [
        ("{}", "message.type"), (#"{"type":"text"}"#, "message.content"),
        (#"{"type":"text","content":""}"#, "message.content"),
        (#"{"type":"shout","content":"x"}"#, "message.type"), (#"{"type":"text","content":7}"#, "message.content"),
        (#"{"type":"text","content":"0123456789+"}"#, "message.content"),
        (#"{"type":"image","content":""}"#, "message.mediaId"),
        (#"{"type":"file","content":"","mediaId":"x"}"#, "message.mediaId"),
        (#"{"type":"text","content":"x","replyTo":0}"#, "message.replyTo"),
        (#"{"type":"text","content":"x","mentions":[0]}"#, "message.mentions"), ("7", "message"), ("null", "message"),
        (#"{"type":"text","content":"\u0000"}"#, "body"), (#"{"type":"text","content":"x","content":"y"}"#, "body"),
    ])
    func `what is wrong is named`(body: String, field: String) {
        let error = #expect(throws: RequestError.self) { try self.message(body) }
        #expect(error?.fields?.keys.sorted() == [field])
    }

    @Test func `receipts and refusals come through untouched`() throws {
        let answer =
            #"{"results":[{"receipt":{"id":"10.1","seq":1,"createdAt":"x"}},{"error":{"code":"no","message":"No."}}]}"#
        let results = try AppendCalls.results(in: Array(answer.utf8))
        #expect(
            results == [
                .receipt(#"{"id":"10.1","seq":1,"createdAt":"x"}"#), .refused(#"{"code":"no","message":"No."}"#),
            ])
        for wrong in ["", "[]", "{}", #"{"results":7}"#, #"{"results":[{}]}"#, #"{"results":[7]}"#] {
            #expect(throws: ServiceUnavailable.self) { try AppendCalls.results(in: Array(wrong.utf8)) }
        }
    }

    @Test func `no call is larger than its reader takes, and their order is kept`() throws {
        var message = try self.message(#"{"type":"text","content":"x"}"#)
        message.body = Array(repeating: UInt8(ascii: " "), count: 3 * 1024 * 1024)
        let many = (1...7).map { number in
            var one = message
            one.sender = UserID(Int64(number))
            return one
        }
        let slices = AppendCalls.slices(of: many)
        #expect(slices.map(\.count) == [2, 2, 2, 1])
        #expect(slices.flatMap { $0.map(\.sender) } == many.map(\.sender))
        #expect(slices.allSatisfy { AppendCalls.body(of: $0).readableBytes < 16 * 1024 * 1024 })
        #expect(AppendCalls.slices(of: []).isEmpty)
        message.body = Array(repeating: UInt8(ascii: " "), count: 9 * 1024 * 1024)
        #expect(AppendCalls.slices(of: [message]).count == 1)
    }
}
