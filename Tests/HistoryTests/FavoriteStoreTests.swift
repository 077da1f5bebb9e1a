import ChatAPI
import Testing

@testable import History

struct FavoriteStoreTests {
    private func id(_ seq: Seq, in chatroom: ChatroomID = .lobby) -> MessageID {
        MessageID(chatroom: chatroom, seq: seq)
    }

    private func list(_ history: HistoryFixture, of user: UserID, _ text: String = "") async throws -> [String?] {
        try await history.favorites.favorites(of: user, containing: text, after: nil, limit: 50).map(\.message.text)
    }

    @Test func `a favorite is new once, and there until it is removed`() async throws {
        try await HistoryFixture.with { history in
            try await history.direct(.lobby, .alice, .bob)
            for text in ["a", "b"] { try await history.send(text) }
            #expect(try await history.favorites.add(self.id(1), for: .bob))
            #expect(try await history.favorites.add(self.id(1), for: .bob) == false)
            #expect(try await history.favorites.add(self.id(2), for: .bob))
            #expect(try await self.list(history, of: .bob) == ["b", "a"])
            #expect(try await self.list(history, of: .alice) == [])
            try await history.favorites.remove(self.id(2), of: .bob)
            #expect(try await self.list(history, of: .bob) == ["a"])
            await #expect(throws: HistoryError.favoriteNotFound) {
                try await history.favorites.remove(self.id(2), of: .bob)
            }
            #expect(try await history.favorites.favorite(self.id(2), of: .bob) == nil)
        }
    }

    @Test func `nobody keeps a message they may not see, or what is no message`() async throws {
        try await HistoryFixture.with { history in
            try await history.change(.groupCreated(chatroom: .lobby, name: "tea", owner: .alice))
            try await history.send("before")
            try await history.change(
                .memberAdded(chatroom: .lobby, user: .bob, by: .alice, role: .member, showsHistory: false))
            for (message, user) in [
                (self.id(2), UserID.mallory), (self.id(2), .bob), (self.id(1), .alice), (self.id(99), .alice),
                (self.id(1, in: .cellar), .alice),
            ] {
                await #expect(throws: HistoryError.messageNotFound) {
                    try await history.favorites.add(message, for: user)
                }
            }
        }
    }

    @Test func `nobody reads or removes the favorites of another`() async throws {
        try await HistoryFixture.with { history in
            try await history.direct(.lobby, .alice, .bob)
            try await history.send("a")
            _ = try await history.favorites.add(self.id(1), for: .alice)
            for user in [UserID.bob, .mallory] {
                await #expect(throws: HistoryError.favoriteNotFound) {
                    try await history.favorites.remove(self.id(1), of: user)
                }
                #expect(try await self.list(history, of: user) == [])
            }
            #expect(try await self.list(history, of: .alice) == ["a"])
        }
    }

    @Test func `a former member reads their favorites of the chatroom no longer, but may remove them`() async throws {
        try await HistoryFixture.with { history in
            try await history.change(.groupCreated(chatroom: .lobby, name: "tea", owner: .alice))
            try await history.change(
                .memberAdded(chatroom: .lobby, user: .bob, by: .alice, role: .member, showsHistory: true))
            try await history.send("a")
            _ = try await history.favorites.add(self.id(3), for: .bob)
            try await history.change(.memberRemoved(chatroom: .lobby, user: .bob, by: .alice))
            #expect(try await self.list(history, of: .bob) == [])
            try await history.favorites.remove(self.id(3), of: .bob)
        }
    }

    @Test func `favorites are found by what they say, every character taken as it is`() async throws {
        try await HistoryFixture.with { history in
            try await history.direct(.lobby, .alice, .bob)
            for (seq, text) in ["Green Tea", "100% 茶", "under_score", "plain"].enumerated() {
                try await history.send(text)
                _ = try await history.favorites.add(self.id(Seq(seq + 1)), for: .bob)
            }
            #expect(try await self.list(history, of: .bob, "green") == ["Green Tea"])
            #expect(try await self.list(history, of: .bob, "%") == ["100% 茶"])
            #expect(try await self.list(history, of: .bob, "_") == ["under_score"])
            #expect(try await self.list(history, of: .bob, "茶") == ["100% 茶"])
            #expect(try await self.list(history, of: .bob, "nothing") == [])
        }
    }

    @Test func `pages of favorites follow one another without a gap`() async throws {
        try await HistoryFixture.with { history in
            try await history.direct(.lobby, .alice, .bob)
            for seq in 1...7 {
                try await history.send("\(seq)")
                _ = try await history.favorites.add(self.id(Seq(seq)), for: .bob)
            }
            var seen: [String?] = []
            var cursor: FavoriteCursor?
            while true {
                let rows = try await history.favorites.favorites(of: .bob, containing: "", after: cursor, limit: 3)
                guard let last = rows.last else { break }
                seen += rows.map(\.message.text)
                cursor = last.cursor
            }
            #expect(seen == (1...7).reversed().map(String.init))
        }
    }
}
