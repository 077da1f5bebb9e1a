import ChatAPI
import Foundation
import LogSeed
import Postgres
import ServiceKit
import Testing
import TestServers

@testable import History

/// What PostgreSQL does for each kind of reading, on a log large enough that it would not read tables from end to end
/// unless it had to.
struct PlanTests {
    @Test func `what people read is found by indexes`() async throws {
        var seed = LogSeed()
        seed.chatrooms = 200
        seed.entries = 100_000
        seed.users = 400
        seed.chatroomsEach = 20
        try await withPostgres(
            schema: "history", migrations: HistoryService.migrations, configure: { $0.statementTimeout = .seconds(120) }
        ) { [seed] postgres in
            try await seed.fill(postgres)
            let user = UserID(seed.user(7))
            let chatroom = ChatroomID(seed.chatrooms(of: 7)[3])
            func search(_ query: String) throws -> SQL {
                SearchStore.search(try SearchQuery(query: try Query(query)), for: user, after: nil, limit: 50)
            }
            let chinese = "query=\("中文".addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")"
            let narrowed = "&chatroomId=\(chatroom)&from=\(user)&type=text"
            let times = "&after=2025-03-01T00:00:00.000Z&before=2025-09-01T00:00:00.000Z"
            let readings: [(String, SQL, index: String)] = [
                ("中文", try search(chinese), "terms_idx"),
                ("中文, narrowed", try search(chinese + narrowed), "search_terms_"),
                ("中文, in time", try search(chinese + times), "terms_idx"),
                ("porcelain", try search("query=porcelain"), "terms_idx"),
                ("porcelain, narrowed", try search("query=porcelain" + narrowed + times), "search_terms_"),
                ("newest page", PageStore.page(of: chatroom, at: .newest, limit: 50, for: user), "entries_"),
                ("page before", PageStore.page(of: chatroom, at: .before(300), limit: 50, for: user), "entries_"),
                ("page after", PageStore.page(of: chatroom, at: .after(100), limit: 50, for: user), "entries_"),
                ("page around", PageStore.page(of: chatroom, at: .around(200), limit: 50, for: user), "entries_"),
                (
                    "sync of many",
                    RangeStore.readable(
                        by: (1...50).map { number in
                            RangeStore.Reader(
                                user: UserID(seed.user(number)),
                                cursors: Dictionary(
                                    uniqueKeysWithValues: seed.chatrooms(of: number).map {
                                        (ChatroomID($0), seed.head - 1)
                                    }))
                        }, entries: 100), "entries_"
                ),
                (
                    "parts of logs",
                    RangeStore.entries(
                        in: seed.chatrooms(of: 7).map {
                            LogPart(chatroom: ChatroomID($0), after: seed.head - 1, upTo: seed.head)
                        }), "entries_"
                ),
                ("overview", ChatListStore.chatrooms(of: user, after: .start, limit: 50), "entries_"),
            ]
            for (name, sql, index) in readings {
                let lines: [String] = try await postgres.all("EXPLAIN \(sql)")
                let plan = lines.joined(separator: "\n")
                #expect(!plan.contains("Seq Scan on entries"), "\(name):\n\(plan)")
                let uses = lines.contains { $0.contains("Index") && $0.contains(index) }
                #expect(uses, "\(name):\n\(plan)")
            }
        }
    }
}
