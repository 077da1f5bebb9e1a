import ChatAPI
import Foundation
import Testing

@testable import loadtest

struct StubLogTests {
    private func item(_ clientId: UUID = UUID()) -> AppendMessages.Item {
        AppendMessages.Item(
            senderId: Crowd.user(0, in: ChatroomID(3)), chatroomId: ChatroomID(3), clientId: clientId,
            message: MessageBody(type: .text, content: "@1"))
    }

    @Test func `entries are numbered and readable by clients of History`() throws {
        var log = StubLog()
        for seq in 1...3 as ClosedRange<Seq> { #expect(log.append(self.item(), keep: 10).receipt.seq == seq) }
        let entries = log.entries(after: 1, upTo: 3, limit: 10).compactMap { BusEntry($0) }
        #expect(entries.map(\.seq) == [2, 3])
        let payload = try #require(entries[0].event.split(separator: ",", maxSplits: 1).last).dropLast()
        let message = try JSONDecoder().decode(Message.self, from: Data(payload.utf8))
        #expect(message.seq == 2 && message.chatroomId == ChatroomID(3) && message.content == "@1")
    }

    @Test func `the same client id again is the same message`() {
        var log = StubLog()
        let id = UUID()
        let first = log.append(self.item(id), keep: 10)
        _ = log.append(self.item(), keep: 10)
        let again = log.append(self.item(id), keep: 10)
        #expect(first.receipt == again.receipt && first.text == again.text && log.head == 2)
    }

    @Test func `old entries go, and their numbers stay`() {
        var log = StubLog()
        for _ in 0..<100 { _ = log.append(self.item(), keep: 10) }
        #expect(log.head == 100)
        #expect(log.entries(after: 0, upTo: 100, limit: 10).isEmpty)
        #expect(log.entries(after: 95, upTo: 100, limit: 10).count == 5)
    }

    @Test func `a user's id tells the chatroom`() {
        #expect(Crowd.chatroom(of: Crowd.user(Crowd.maxMembers - 2, in: ChatroomID(9))) == ChatroomID(9))
        #expect(Crowd.chatroom(of: Crowd.user(0, in: ChatroomID(9))) == ChatroomID(9))
    }

    @Test func `sending a message again is sending the same`() throws {
        let message = OutgoingMessage(
            sender: Crowd.user(4, in: ChatroomID(3)), chatroom: ChatroomID(3), dueAt: 1_234_567_890_123, bytes: 60)
        #expect(UUID(uuidString: message.clientId) != nil)
        #expect(message.content.utf8.count == 60)
        let payload = message.event.dropFirst("[\"sendMessage\",".count).dropLast()
        let send = try JSONDecoder().decode(SendMessage.self, from: Data(payload.utf8))
        #expect(send.message.content == message.content)
    }
}
