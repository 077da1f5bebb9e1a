import ChatAPI
import Foundation
import Testing

@testable import History

struct EntryTests {
    private let alice = [UserID.alice: Sender(Profile(id: .alice, username: "alice", nickname: "Alice"))]

    private func message(_ content: String) throws -> Entry {
        let clientId = try #require(UUID(uuidString: "AAAAAAAA-BBBB-4CCC-8DDD-EEEEEEEEEEEE"))
        return Entry(
            chatroom: .lobby, seq: 3, ordinal: 2,
            content: .message(
                StoredMessage(MessageBody(type: .text, content: content, replyTo: 1, mentions: [.bob]), media: nil),
                sender: .alice, clientId: clientId),
            createdAt: Timestamp(milliseconds: 1_764_000_000_123))
    }

    @Test func `a message on the bus is its seq and its event, with the client id as clients write it`() throws {
        let text = try self.message("hi/\"茶\"").busEntry(senders: self.alice).text
        #expect(
            text == """
                3 ["message",{"chatroomId":10,"clientId":"aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee",\
                "content":"hi/\\"茶\\"","createdAt":"2025-11-24T16:00:00.123Z","id":"10.3","mentions":[2],"ordinal":2,\
                "replyTo":1,"sender":{"id":1,"nickname":"Alice"},"seq":3,"type":"text"}]
                """)
    }

    @Test func `a sender who is not known has no nickname`() throws {
        let event = try self.message("hi").busEntry(senders: [:]).event
        #expect(event.contains(#""sender":{"id":1,"nickname":""}"#))
    }

    @Test(arguments: [
        (StoredSystemChange(.created, by: .alice, name: "tea"), "+1 "),
        (StoredSystemChange(.added, userId: .bob, by: .alice), "+2 "),
        (StoredSystemChange(.removed, userId: .bob, by: .alice), "-2 "),
        (StoredSystemChange(.left, userId: .bob, by: .bob), "-2 "),
        (StoredSystemChange(.renamed, by: .alice, name: "tea"), ""),
        (StoredSystemChange(.dissolved, by: .alice), ""),
    ])
    func `a system entry says on the bus whom it lets in or out`(change: StoredSystemChange, passage: String) throws {
        let entry = Entry(chatroom: .lobby, seq: 1, ordinal: 0, content: .system(change), createdAt: .now)
        let text = try entry.busEntry(senders: [:]).text
        #expect(text.hasPrefix("1 \(passage)[\"change\",{"))
        let event = try #require(BusEntry(text)?.event)
        struct Payload: Decodable {
            var change: SystemChange
            init(from decoder: any Decoder) throws {
                var array = try decoder.unkeyedContainer()
                #expect(try array.decode(String.self) == "change")
                self.change = try array.decode(SystemChange.self)
            }
        }
        let payload = try JSONText.decode(Payload.self, from: String(event)).change
        #expect(payload.id.description == "10.1")
        #expect(payload.kind == "system")
        #expect(payload.action == change.action)
        #expect(payload.userId == change.userId)
        #expect(payload.by == change.by)
        #expect(payload.name == change.name)
    }
}
