import ChatAPI
import Postgres
import Testing

@testable import History

struct SyncReaderTests {
    @Test func `who comes back at once is answered by a few statements`() async throws {
        // All on one connection, which so knows of all that was done.
        try await HistoryFixture.with(connections: 1) { history in
            let members = (1...300).map { UserID($0) }
            try await history.change(.directCreated(chatroom: .lobby, members: members))
            try await history.send("before", from: .alice)
            try await history.send("missed", from: .alice)
            func transactions() async throws -> Int64 {
                try await history.postgres.execute("SELECT pg_stat_force_next_flush()")
                return try await history.postgres.one(
                    "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")
            }
            let reader = SyncReader(ranges: history.ranges)
            let before = try await transactions()
            let missed = try await withThrowingTaskGroup(of: [String].self) { group in
                for member in members {
                    group.addTask {
                        try await reader.missed(by: member, after: [.lobby: 1, .cellar: 0]).chatrooms
                            .flatMap(\.entries).compactMap(\.text)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(missed == members.map { _ in ["missed"] })
            let after = try await transactions()
            #expect(after - before < 60)
        }
    }

    @Test func `each gets what they have missed, however much, and only of their own chatrooms`() async throws {
        try await HistoryFixture.with { history in
            try await history.direct(.lobby, .alice, .bob)
            try await history.direct(.cellar, .alice, .carol)
            for n in 1...150 { try await history.send("\(n)") }
            try await history.send("below", to: .cellar)
            let reader = SyncReader(ranges: history.ranges)
            let cursors: [UserID: Seq] = [.alice: 0, .bob: 148, .carol: 0, .mallory: 0]
            let missed = try await withThrowingTaskGroup(of: (UserID, [ChatroomID: [Seq]]).self) { group in
                for (user, cursor) in cursors {
                    group.addTask {
                        let missed = try await reader.missed(by: user, after: [.lobby: cursor, .cellar: 0]).chatrooms
                        return (
                            user,
                            Dictionary(uniqueKeysWithValues: missed.map { ($0.log.chatroom, $0.entries.map(\.seq)) })
                        )
                    }
                }
                return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }
            #expect(missed[.alice] == [.lobby: Array(1...150), .cellar: [1]])
            #expect(missed[.bob] == [.lobby: [149, 150]])
            #expect(missed[.carol] == [.cellar: [1]])
            #expect(missed[.mallory] == [:])
        }
    }

    @Test func `who is up to date has missed nothing`() async throws {
        try await HistoryFixture.with { history in
            try await history.direct(.lobby, .alice, .bob)
            try await history.send("read")
            let missed = try await SyncReader(ranges: history.ranges).missed(by: .bob, after: [.lobby: 7]).chatrooms
            #expect(missed.map(\.log.head) == [1])
            #expect(missed.map(\.entries.count) == [0])
            #expect(missed.map(\.more) == [false])
        }
    }
}
