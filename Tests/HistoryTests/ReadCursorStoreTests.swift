import ChatAPI
import Postgres
import Testing

@testable import History

struct ReadCursorStoreTests {
    private func unread(_ history: HistoryFixture, of user: UserID, in chatroom: ChatroomID = .lobby) async throws
        -> Int64?
    {
        try await history.chatList.chatrooms(of: user, after: nil, limit: 50).first { $0.chatroom == chatroom }?.unread
    }

    @Test func `a read cursor goes forward, never back, and not above the head`() async throws {
        try await HistoryFixture.with { history in
            try await history.direct(.lobby, .alice, .bob)
            for text in ["a", "b", "c"] { try await history.send(text) }
            func move(_ seq: Seq) async throws -> [Int64] {
                let cursor = try await history.cursors.move(to: seq, in: .lobby, of: .bob)
                return [cursor.seq, cursor.unread]
            }
            #expect(try await move(0) == [0, 3])
            #expect(try await move(2) == [2, 1])
            #expect(try await move(1) == [2, 1])
            #expect(try await move(.max) == [3, 0])
            #expect(try await move(2) == [3, 0])
            #expect(try await self.unread(history, of: .bob) == 0)
        }
    }

    @Test func `a read cursor that another call moves meanwhile is told as it is then`() async throws {
        try await HistoryFixture.with { history in
            try await history.direct(.lobby, .alice, .bob)
            for text in ["a", "b", "c"] { try await history.send(text) }
            _ = try await history.cursors.move(to: 1, in: .lobby, of: .bob)
            let moved = try await history.postgres.transaction { transaction in
                try await transaction.execute("UPDATE history.read_cursors SET seq = 3, ordinal = 3 WHERE user_id = 2")
                let moving = Task { try await history.cursors.move(to: 2, in: .lobby, of: .bob) }
                // It has seen the cursor at 1, and waits for the row.
                var isWaiting = false
                while !isWaiting {
                    isWaiting = try await transaction.one(
                        """
                        SELECT EXISTS (
                            SELECT FROM pg_stat_activity
                            WHERE datname = current_database() AND wait_event_type = 'Lock'
                        )
                        """)
                }
                return moving
            }.value
            #expect([moved.seq, moved.unread] == [3, 0])
        }
    }

    @Test func `unread are the messages above the read cursor; system entries do not count`() async throws {
        try await HistoryFixture.with { history in
            try await history.change(.groupCreated(chatroom: .lobby, name: "tea", owner: .alice))
            try await history.change(
                .memberAdded(chatroom: .lobby, user: .bob, by: .alice, role: .member, showsHistory: true))
            #expect(try await self.unread(history, of: .bob) == 0)
            try await history.send("a")
            try await history.send("b")
            try await history.change(.chatroomUpdated(chatroom: .lobby, name: "green tea", by: .alice))
            try await history.send("c")
            #expect(try await self.unread(history, of: .bob) == 3)
            // The renaming is at 5, two messages before it.
            #expect(try await history.cursors.move(to: 5, in: .lobby, of: .bob).unread == 1)
            #expect(try await self.unread(history, of: .bob) == 1)
        }
    }

    @Test func `what was said before a member could see it is not unread`() async throws {
        try await HistoryFixture.with { history in
            try await history.change(.groupCreated(chatroom: .lobby, name: "tea", owner: .alice))
            try await history.send("before")
            try await history.change(
                .memberAdded(chatroom: .lobby, user: .bob, by: .alice, role: .member, showsHistory: false))
            try await history.change(
                .memberAdded(chatroom: .lobby, user: .carol, by: .alice, role: .member, showsHistory: true))
            try await history.send("after")
            #expect(try await self.unread(history, of: .bob) == 1)
            #expect(try await self.unread(history, of: .carol) == 2)
        }
    }

    @Test func `sending is reading: what one has sent, and all before it, is not unread`() async throws {
        try await HistoryFixture.with { history in
            try await history.direct(.lobby, .alice, .bob)
            try await history.send("a")
            try await history.send("b", from: .bob)
            try await history.send("c")
            #expect(try await self.unread(history, of: .bob) == 1)
            #expect(try await self.unread(history, of: .alice) == 0)
        }
    }

    @Test func `a repeated send does not move the read cursor back`() async throws {
        try await HistoryFixture.with { history in
            try await history.direct(.lobby, .alice, .bob)
            let draft = try PreparedDraft.text("a")
            _ = try await history.entries.append([draft])
            try await history.send("b", from: .bob)
            _ = try await history.cursors.move(to: 2, in: .lobby, of: .alice)
            _ = try await history.entries.append([draft])
            #expect(try await self.unread(history, of: .alice) == 0)
        }
    }

    @Test func `who is not in a chatroom has no read cursor there`() async throws {
        try await HistoryFixture.with { history in
            try await history.direct(.lobby, .alice, .bob)
            await #expect(throws: HistoryError.chatroomNotFound) {
                try await history.cursors.move(to: 1, in: .lobby, of: .mallory)
            }
        }
    }
}
