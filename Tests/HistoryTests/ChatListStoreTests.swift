import ChatAPI
import Testing

@testable import History

struct ChatListStoreTests {
    @Test func `the chatroom with the newest message comes first, one without messages last`() async throws {
        try await HistoryFixture.with { history in
            for id in 1...4 { try await history.direct(ChatroomID(Int64(id)), .alice, .bob) }
            try await history.send("in 3", to: ChatroomID(3))
            try await history.send("in 1", to: ChatroomID(1))
            let rows = try await history.chatList.chatrooms(of: .bob, after: nil, limit: 50)
            #expect(rows.map(\.chatroom.rawValue).prefix(2) == [1, 3])
            #expect(rows.map(\.last?.text) == ["in 1", "in 3", nil, nil])
            #expect(rows.map(\.head) == [1, 1, 0, 0])
            #expect(rows.map(\.unread) == [1, 1, 0, 0])
        }
    }

    @Test func `pages of the list follow one another without a gap`() async throws {
        try await HistoryFixture.with { history in
            for id in 1...7 {
                try await history.direct(ChatroomID(Int64(id)), .alice, .bob)
                if id > 2 { try await history.send("a", to: ChatroomID(Int64(id))) }
            }
            var seen: [ChatroomID] = []
            var cursor: ChatListCursor?
            while true {
                let rows = try await history.chatList.chatrooms(of: .bob, after: cursor, limit: 2)
                guard let last = rows.last else { break }
                seen += rows.map(\.chatroom)
                cursor = last.cursor
            }
            #expect(seen == (try await history.chatList.chatrooms(of: .bob, after: nil, limit: 50).map(\.chatroom)))
            #expect(Set(seen).count == 7)
            #expect(seen.count == 7)
        }
    }

    @Test func `mentioned is who was named above their read cursor`() async throws {
        try await HistoryFixture.with { history in
            try await history.direct(.lobby, .alice, .bob)
            func mentioned(_ user: UserID) async throws -> Bool? {
                try await history.chatList.chatrooms(of: user, after: nil, limit: 50).first?.mentioned
            }
            try await history.send("@Carol", mentions: [.carol])
            #expect(try await mentioned(.bob) == false)
            try await history.send("@Bob", mentions: [.carol, .bob])
            try await history.send("and so on")
            #expect(try await mentioned(.bob) == true)
            #expect(try await mentioned(.alice) == false)
            _ = try await history.cursors.move(to: 2, in: .lobby, of: .bob)
            #expect(try await mentioned(.bob) == false)
        }
    }

    @Test func `the last message is one that the member may see`() async throws {
        try await HistoryFixture.with { history in
            try await history.change(.groupCreated(chatroom: .lobby, name: "tea", owner: .alice))
            try await history.send("before")
            try await history.change(
                .memberAdded(chatroom: .lobby, user: .bob, by: .alice, role: .member, showsHistory: false))
            #expect(try await history.chatList.chatrooms(of: .bob, after: nil, limit: 50).map(\.last?.text) == [nil])
            #expect(
                try await history.chatList.chatrooms(of: .alice, after: nil, limit: 50).map(\.last?.text) == ["before"])
            try await history.change(.memberRemoved(chatroom: .lobby, user: .bob, by: .bob))
            #expect(try await history.chatList.chatrooms(of: .bob, after: nil, limit: 50).isEmpty)
        }
    }
}
