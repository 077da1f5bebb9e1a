import ChatAPI
import Foundation
import ServiceKit
import Testing

@testable import History

struct MessageDraftTests {
    static let file = UUID(uuidString: "11111111-2222-4333-8444-555555555555")

    private func draft(_ body: MessageBody, clientId: UUID = UUID()) throws -> MessageDraft {
        let item = AppendMessages.Item(senderId: .alice, chatroomId: .lobby, clientId: clientId, message: body)
        return try MessageDraft(item, by: MessageRules(maxCharacters: 4_000))
    }

    @Test func `a message of the right form is taken as it is`() throws {
        for body in Self.good { #expect(try self.draft(body).body == body) }
    }

    private static let good = [
        MessageBody(type: .text, content: "a"),
        MessageBody(type: .text, content: String(repeating: "茶", count: 4_000)),
        // One character of seven code points, as people count.
        MessageBody(type: .text, content: String(repeating: "👨‍👩‍👧‍👦", count: 2_000)),
        MessageBody(type: .image, content: "", mediaId: MessageDraftTests.file),
        MessageBody(type: .file, content: "the plan", mediaId: MessageDraftTests.file, replyTo: 1, mentions: [.bob]),
    ]

    @Test func `a message of another form is refused by the name of the field`() {
        for (field, body) in Self.bad {
            do {
                _ = try self.draft(body)
                Issue.record("it was taken: \(field)")
            } catch {
                #expect((error as? RequestError)?.fields?.keys.sorted() == [field])
            }
        }
    }

    private static let bad: [(field: String, body: MessageBody)] = [
        ("message.content", MessageBody(type: .text, content: "")),
        ("message.content", MessageBody(type: .text, content: String(repeating: "a", count: 4_001))),
        ("message.content", MessageBody(type: .text, content: "a\u{0}b")),
        // Few characters, as people count, but far too many bytes.
        ("message.content", MessageBody(type: .text, content: "a" + String(repeating: "\u{301}", count: 40_000))),
        ("message.mediaId", MessageBody(type: .text, content: "a", mediaId: MessageDraftTests.file)),
        ("message.mediaId", MessageBody(type: .image, content: "a")),
        ("message.mediaId", MessageBody(type: .file, content: "a")),
        ("message.replyTo", MessageBody(type: .text, content: "a", replyTo: 0)),
        ("message.replyTo", MessageBody(type: .text, content: "a", replyTo: -1)),
        ("message.replyTo", MessageBody(type: .text, content: "a", replyTo: .max)),
        ("message.mentions", MessageBody(type: .text, content: "a", mentions: (1...101).map { UserID($0) })),
    ]

    @Test func `a person mentioned twice is mentioned once, and no mentions are none`() throws {
        #expect(
            try self.draft(MessageBody(type: .text, content: "a", mentions: [.bob, .carol, .bob])).body.mentions
                == [.bob, .carol])
        #expect(try self.draft(MessageBody(type: .text, content: "a", mentions: [])).body.mentions == nil)
    }

    @Test func `the same body has the same digest, whatever its client id`() throws {
        let body = MessageBody(type: .file, content: "x", mediaId: Self.file, replyTo: 3, mentions: [.bob])
        #expect(try self.draft(body).digest == self.draft(body).digest)
    }

    @Test func `the digest of a body never changes`() throws {
        let body = MessageBody(
            type: .image, content: "茶 & tea", mediaId: Self.file, replyTo: 7, mentions: [.bob, .carol])
        let digest = try self.draft(body).digest.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
            .joined()
        #expect(digest == "d2fad1cfe56af3f7d3029aef979493e7cffa03be3c9a4dfc72ec43d95cdc2861")
    }

    @Test func `another body has another digest`() throws {
        let bodies = [
            MessageBody(type: .text, content: "a"), MessageBody(type: .text, content: "b"),
            MessageBody(type: .text, content: "a", replyTo: 1), MessageBody(type: .text, content: "a", replyTo: 11),
            MessageBody(type: .text, content: "a", mentions: [UserID(1)]),
            MessageBody(type: .text, content: "a", mentions: [UserID(11)]),
            MessageBody(type: .text, content: "a", mentions: [UserID(1), UserID(11)]),
            MessageBody(type: .file, content: "a", mediaId: Self.file),
            MessageBody(type: .image, content: "a", mediaId: Self.file),
            // A content that looks like what follows it.
            MessageBody(type: .text, content: "a-1:1:1"),
        ]
        #expect(Set(try bodies.map { try self.draft($0).digest }).count == bodies.count)
    }
}
