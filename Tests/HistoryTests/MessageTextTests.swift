import ChatAPI
import Foundation
import ServiceKit
import Testing

@testable import History

/// What is written and read by hand is what encoder and decoder make of it.
struct MessageTextTests {
    private static let texts = [
        "", "hi", "茶馆 \u{1F375} é", "a\"b\\c/d", "\n\r\t\u{8}\u{c}\u{1}\u{1f}\u{7f}\u{2028}", "\u{0}",
    ]

    private func messages() -> [Message] {
        let id = MessageID(chatroom: ChatroomID(9_007_199_254_740_991), seq: 42)
        var messages = Self.texts.map { text in
            Message(
                id: id, ordinal: 7, type: .text, content: text,
                sender: Sender(
                    Profile(id: .alice, username: "alice", nickname: text, avatar: text.isEmpty ? nil : text)),
                clientId: UUID(), createdAt: Timestamp(milliseconds: 1_764_000_000_123))
        }
        var full = Message(
            id: id, ordinal: 7, type: .file, content: "",
            media: MediaFile(id: UUID(), url: "/api/media/files/1/a.txt", name: "a.txt", type: "text/plain", size: 3),
            replyTo: 3, mentions: [.bob, .carol], sender: Sender(Profile(id: .bob, username: "bob", nickname: "Bob")),
            clientId: UUID(), createdAt: .now)
        full.editedAt = .now
        full.recalled = true
        full.reactions = [Reaction(emoji: "👍", userIds: [.alice])]
        messages.append(full)
        full.mentions = []
        messages.append(full)
        return messages
    }

    @Test func `a message is written as the encoder writes it`() throws {
        for message in self.messages() {
            var bytes = JSONBytes()
            try bytes.message(message)
            let encoded = try JSONText.encode(message)
            #expect(bytes.text == encoded)
            var body = MessageBody(type: message.type, content: message.content)
            (body.replyTo, body.mentions) = (message.replyTo, message.mentions)
            var stored = StoredMessage(body, media: message.media)
            stored.recalled = message.recalled
            var text = JSONBytes()
            try text.stored(stored)
            let encodedStored = try JSONText.encode(stored)
            #expect(text.text == encodedStored)
        }
    }

    @Test func `results are read as the answer that they are`() throws {
        let receipt = MessageReceipt(
            id: MessageID(chatroom: .lobby, seq: 3), seq: 3, createdAt: Timestamp(milliseconds: 1_764_000_000_007))
        let results = [
            AppendMessages.Result(receipt: receipt), AppendMessages.Result(error: HistoryError.clientIdConflict.body),
            AppendMessages.Result(error: RequestError.unavailable.body),
        ]
        var bytes = JSONBytes()
        try bytes.results(results)
        let answer = try JSONText.decode(AppendMessages.Answer.self, from: bytes.text)
        #expect(answer.results.map(\.receipt) == [receipt, nil, nil])
        #expect(answer.results.map(\.error?.code) == [nil, "client_id_conflict", "unavailable"])
        #expect(answer.results.last?.error?.retryAfter == 1)
    }

    @Test func `a batch as Gateways write it is read as the decoder reads it`() throws {
        let bodies = [
            #"{"type":"text","content":"hi"}"#, #"{"content":"a\"b\\n\u00e9","type":"text"}"#,
            #"{"type":"file","content":"","mediaId":"\#(UUID().uuidString)","replyTo":12,"mentions":[1,2]}"#,
            #"{"type":"text","content":"茶","mentions":[]}"#,
        ]
        let items = bodies.map {
            #"{"senderId":1,"chatroomId":10,"clientId":"\#(UUID().uuidString)","message":\#($0)}"#
        }
        let bytes = Array(#"{"messages":[\#(items.joined(separator: ","))]}"#.utf8)
        let read = try #require(AppendReader.items(in: bytes))
        let decoded = try StrictJSON.decode(AppendMessages.self, from: bytes).messages
        #expect(read.map(\.message) == decoded.map(\.message))
        #expect(read.map(\.clientId) == decoded.map(\.clientId))
        #expect(read.map(\.senderId) == decoded.map(\.senderId) && read.map(\.chatroomId) == decoded.map(\.chatroomId))
        #expect(AppendReader.items(in: Array(#"{"messages":[]}"#.utf8))?.isEmpty == true)
    }

    @Test func `a stored body is read as the decoder reads it, whatever it holds`() throws {
        for text in [
            #"{"type": "text", "content": "a\"b\n茶\u0001"}"#, #"{"type": "text", "content": "", "mentions": []}"#,
            #"{"type": "text", "content": "🍵", "replyTo": 12, "mentions": [1, 2]}"#, #"{"type":"text","content":"a"}"#,
            #"{"type": "text", "content": "", "recalled": true}"#,
            #"{"content": "a", "type": "text", "unknown": [{}]}"#,
            #"{"type": "file", "media": \#(try JSONText.encode(self.messages().last?.media)), "content": "a"}"#,
        ] {
            let decoded = try JSONText.decode(StoredMessage.self, from: text)
            #expect(try StoredMessage.reading(text) == decoded)
        }
        for text in [
            "", "{}", #"{"type": "text"}"#, #"{"type": "poem", "content": ""}"#, #"{"type": "text", "content": "a"#,
        ] {
            #expect(throws: DecodingError.self) { try StoredMessage.reading(text) }
        }
    }

    @Test func `a page is written as the encoder writes it`() throws {
        struct Page: Encodable {
            let messages: [Message]
            let head: Seq
        }
        for messages in [[], self.messages()] {
            var bytes = JSONBytes()
            try bytes.page(messages, head: 7)
            let encoded = try JSONText.encode(Page(messages: messages, head: 7))
            #expect(bytes.text == encoded)
        }
    }

    /// Of some the decoder makes something, of others it says what is wrong.
    @Test(arguments: [
        "", "{}", #"{"messages":[{}]}"#, #"{"messages": []}"#, #"{"messages":[]} "#, #"{"messages":[],"x":1}"#,
    ])
    func `what Gateways do not write is left to the decoder`(text: String) {
        #expect(AppendReader.items(in: Array(text.utf8)) == nil)
    }

    @Test(arguments: [
        #"{"type":"text","content":"a","content":"b"}"#, #"{"type":"text"}"#, #"{"type":"text","content":"\ud800"}"#,
        #"{"type":"text","content":"a","x":1}"#, #"{"type":"text","content":"a","replyTo":1.5}"#,
        #"{"type":"text","content":"a","replyTo":01}"#, #"{"type":"text","content":null}"#,
        #"{"type":"poem","content":"a"}"#, #"{"type":"text","content":"a","mentions":[0]}"#,
        #"{"type":"text","content":"a","replyTo":9999999999999999999}"#, #"{"type":"text","content":"a"#,
    ])
    func `a message that is not of that form is left to the decoder`(body: String) {
        let item = #"{"senderId":1,"chatroomId":10,"clientId":"\#(UUID().uuidString)","message":\#(body)}"#
        #expect(AppendReader.items(in: Array(#"{"messages":[\#(item)]}"#.utf8)) == nil)
    }

    @Test func `text that is no UTF-8 is left to the decoder`() {
        let start = Array(
            #"{"messages":[{"senderId":1,"chatroomId":10,"clientId":"\#(UUID().uuidString)","message":{"type":"text","content":""#
                .utf8)
        #expect(AppendReader.items(in: start + [0xff] + Array(#""}}]}"#.utf8)) == nil)
    }
}
