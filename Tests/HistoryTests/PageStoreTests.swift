import ChatAPI
import Testing

@testable import History

struct PageStoreTests {
    /// A group with the messages `m2` … `m9` at the seqs they name, except for Bob's entry at 6.
    private func group(_ history: HistoryFixture) async throws {
        try await history.change(.groupCreated(chatroom: .lobby, name: "tea", owner: .alice))
        for seq in 2...5 { try await history.send("m\(seq)") }
        try await history.change(
            .memberAdded(chatroom: .lobby, user: .bob, by: .alice, role: .member, showsHistory: false))
        for seq in 7...9 { try await history.send("m\(seq)") }
    }

    @Test func `a page is ascending and holds messages only`() async throws {
        let pages: [(PagePlace, Int, [Seq])] = [
            (.newest, 3, [7, 8, 9]), (.newest, 50, [2, 3, 4, 5, 7, 8, 9]), (.before(7), 2, [4, 5]), (.before(2), 5, []),
            (.after(0), 2, [2, 3]), (.after(5), 5, [7, 8, 9]), (.after(9), 5, []), (.around(7), 4, [5, 7, 8, 9]),
            (.around(7), 3, [5, 7, 8]), (.around(6), 2, [5, 7]), (.around(100), 2, [9]), (.before(1_000_000), 1, [9]),
        ]
        try await HistoryFixture.with { history in
            try await self.group(history)
            for (place, limit, seqs) in pages {
                let page = try await history.pages.page(of: .lobby, at: place, limit: limit, for: .alice)
                #expect(page.messages.map(\.seq) == seqs, "\(place), \(limit)")
                #expect(page.messages.map(\.text) == seqs.map { "m\($0)" })
                #expect(page.head == 9)
            }
        }
    }

    @Test func `a member sees nothing from before they may`() async throws {
        try await HistoryFixture.with { history in
            try await self.group(history)
            for place in [PagePlace.newest, .before(9), .after(0), .around(3)] {
                let page = try await history.pages.page(of: .lobby, at: place, limit: 50, for: .bob)
                #expect(page.messages.allSatisfy { $0.seq > 6 })
                #expect(page.head == 9)
            }
        }
    }

    @Test func `a stranger, a former member and a chatroom that does not exist are answered alike`() async throws {
        try await HistoryFixture.with { history in
            try await self.group(history)
            try await history.change(.memberRemoved(chatroom: .lobby, user: .bob, by: .alice))
            for (chatroom, user) in [(ChatroomID.lobby, UserID.mallory), (.lobby, .bob), (.cellar, .alice)] {
                await #expect(throws: HistoryError.chatroomNotFound) {
                    try await history.pages.page(of: chatroom, at: .newest, limit: 50, for: user)
                }
            }
        }
    }

    @Test func `an empty chatroom has an empty page`() async throws {
        try await HistoryFixture.with { history in
            try await history.direct(.lobby, .alice, .bob)
            let page = try await history.pages.page(of: .lobby, at: .newest, limit: 50, for: .alice)
            #expect(page.messages == [])
            #expect(page.head == 0)
        }
    }
}
