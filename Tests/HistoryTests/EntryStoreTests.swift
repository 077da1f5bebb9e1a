import ChatAPI
import Foundation
import Postgres
import Testing

@testable import History

struct EntryStoreTests {
    @Test func `messages are numbered 1, 2, 3 in each chatroom, and so are their ordinals`() async throws {
        try await HistoryFixture.with { history in
            try await history.direct(.lobby, .alice, .bob)
            try await history.direct(.cellar, .alice, .carol)
            let outcomes = try await history.entries.append([
                .text("a"), .text("b", from: .bob), .text("c", to: .cellar), .text("d"),
                .text("e", from: .carol, to: .cellar),
            ])
            #expect(outcomes.map(\.seq) == [1, 2, 1, 3, 2])
            #expect(outcomes.map(\.ordinal) == [1, 2, 1, 3, 2])
            #expect(try await history.send("f").seq == 4)
            #expect(try await history.heads.heads(of: [.lobby, .cellar]) == [.lobby: 4, .cellar: 2])
        }
    }

    @Test func `a repeated client id has the answer of the first time, in the same batch and later`() async throws {
        try await HistoryFixture.with { history in
            try await history.direct(.lobby, .alice, .bob)
            let id = UUID()
            let first = try await history.entries.append([
                .text("a", clientId: id), .text("a", clientId: id), .text("b"),
            ])
            #expect(first.map(\.seq) == [1, 1, 2])
            guard
                case .stored(let seq, let ordinal, let createdAt, let earlier) = try await history.send(
                    "a", clientId: id),
                case .stored(_, _, let firstCreatedAt, nil) = first[0]
            else {
                Issue.record("not stored")
                return
            }
            #expect(seq == 1)
            #expect(ordinal == 1)
            #expect(createdAt == firstCreatedAt)
            #expect(earlier == StoredMessage(MessageBody(type: .text, content: "a"), media: nil))
            #expect(try await history.heads.heads(of: [.lobby]) == [.lobby: 2])
        }
    }

    @Test func `a repeated client id with another body is a conflict, and the first message stays`() async throws {
        try await HistoryFixture.with { history in
            try await history.direct(.lobby, .alice, .bob)
            let id = UUID()
            let batch = try await history.entries.append([.text("a", clientId: id), .text("b", clientId: id)])
            #expect(batch[0].seq == 1)
            #expect(batch[1].refusal == .clientIdConflict)
            #expect(try await history.send("c", clientId: id).refusal == .clientIdConflict)
            let page = try await history.pages.page(of: .lobby, at: .newest, limit: 10, for: .bob)
            #expect(page.messages.map(\.text) == ["a"])
            #expect(page.head == 1)
        }
    }

    @Test func `one client id of two senders, and in two chatrooms, names different messages`() async throws {
        try await HistoryFixture.with { history in
            try await history.direct(.lobby, .alice, .bob)
            try await history.direct(.cellar, .alice, .carol)
            let id = UUID()
            let outcomes = try await history.entries.append([
                .text("a", clientId: id), .text("a", from: .bob, clientId: id), .text("a", to: .cellar, clientId: id),
            ])
            #expect(outcomes.map(\.seq) == [1, 2, 1])
        }
    }

    @Test func `who is not in a chatroom cannot tell it from one that does not exist`() async throws {
        try await HistoryFixture.with { history in
            try await history.direct(.lobby, .alice, .bob)
            let outcomes = try await history.entries.append([
                .text("a", from: .mallory), .text("a", from: .mallory, to: ChatroomID(404)), .text("b"),
            ])
            #expect(outcomes.map(\.refusal) == [.chatroomNotFound, .chatroomNotFound, nil])
            #expect(outcomes[2].seq == 1)
            #expect(try await history.heads.heads(of: [ChatroomID(404)]) == [:])
        }
    }

    @Test func `a removed member is refused above their removal`() async throws {
        try await HistoryFixture.with { history in
            try await history.change(.groupCreated(chatroom: .lobby, name: "tea", owner: .alice))
            try await history.change(
                .memberAdded(chatroom: .lobby, user: .bob, by: .alice, role: .member, showsHistory: true))
            let id = UUID()
            #expect(try await history.send("a", from: .bob, clientId: id).seq == 3)
            let removal = try await history.change(.memberRemoved(chatroom: .lobby, user: .bob, by: .alice))
            #expect(removal?.seq == 4)
            #expect(try await history.send("b", from: .bob).refusal == .chatroomNotFound)
            // What was stored before stays answered: an acknowledgement may have been lost on its way.
            #expect(try await history.send("a", from: .bob, clientId: id).seq == 3)
            #expect(try await history.heads.heads(of: [.lobby]) == [.lobby: 4])
        }
    }

    @Test func `a member who may not send now is refused, and heard again when that is over`() async throws {
        try await HistoryFixture.with { history in
            try await history.direct(.lobby, .alice, .bob)
            func update(canSend: Bool = true, mutedUntil: Timestamp? = nil) async throws {
                let membership = Membership(id: .lobby, role: .member, mutedUntil: mutedUntil, canSend: canSend)
                try await history.change(.memberUpdated(chatroom: .lobby, membership: membership, user: .bob))
            }
            try await update(canSend: false)
            #expect(try await history.send("a", from: .bob).refusal == .forbidden)
            try await update(mutedUntil: Timestamp(Date(timeIntervalSinceNow: 3_600)))
            #expect(try await history.send("a", from: .bob).refusal == .forbidden)
            try await update(mutedUntil: Timestamp(Date(timeIntervalSinceNow: -3_600)))
            #expect(try await history.send("a", from: .bob).seq == 1)
            #expect(try await history.send("b").seq == 2)
        }
    }

    @Test func `a reply is to a message that its sender may see`() async throws {
        try await HistoryFixture.with { history in
            try await history.change(.groupCreated(chatroom: .lobby, name: "tea", owner: .alice))
            try await history.send("a")
            try await history.change(
                .memberAdded(chatroom: .lobby, user: .bob, by: .alice, role: .member, showsHistory: false))
            #expect(try await history.send("b", replyTo: 2).seq == 4)
            // A system entry, one that is not there yet, and for Bob one from before his time.
            #expect(try await history.send("c", replyTo: 1).refusal == .messageNotFound)
            #expect(try await history.send("c", replyTo: 5).refusal == .messageNotFound)
            #expect(try await history.send("c", from: .bob, replyTo: 2).refusal == .messageNotFound)
            #expect(try await history.send("c", from: .bob, replyTo: 4).seq == 5)
        }
    }

    @Test func `a copy of a refused message does not pass for it`() async throws {
        try await HistoryFixture.with { history in
            try await history.direct(.lobby, .alice, .bob)
            let id = UUID()
            let outcomes = try await history.entries.append([
                .text(MessageBody(type: .text, content: "a", replyTo: 99), clientId: id), .text("a", clientId: id),
            ])
            #expect(outcomes[0].refusal == .messageNotFound)
            #expect(outcomes[1].seq == 1)
        }
    }

    @Test func `a batch on a chatroom that somebody keeps locked gives up by itself`() async throws {
        try await HistoryFixture.with { history in
            try await history.direct(.lobby, .alice, .bob)
            try await history.postgres.transaction { transaction in
                try await transaction.execute("SELECT FROM history.chatroom_heads FOR UPDATE")
                do throws(PostgresError) {
                    let entries = EntryStore(postgres: history.postgres, patience: .milliseconds(20))
                    let draft = [try? PreparedDraft.text("a")].compactMap(\.self)
                    _ = try await entries.append(draft)
                    Issue.record("it did not wait for the lock")
                } catch {
                    #expect(error.sqlState == "55P03")
                }
            }
            #expect(try await history.send("a").seq == 1)
        }
    }
}
