import ChatAPI
import Foundation
import HTTPTypes
import Logging
import Postgres
import ServiceKit
import Synchronization
import TestServers
import Testing

@testable import History

extension HistoryFixture {
    /// Takes all there is into the index.
    func indexAll() async throws {
        try await SearchIndexer(index: self.index, logger: .tests).round()
    }

    func found(_ query: String, for user: UserID = .bob, limit: Int = 50) async throws -> [String] {
        try await self.searches.messages(
            matching: try SearchQuery(query: try Query(query)), for: user, after: nil, limit: limit
        ).compactMap { $0.message(senders: [:])?.content }
    }

    /// By what they say alone.
    func found(text: String, for user: UserID = .bob) async throws -> [String] {
        let escaped = text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        return try await self.found("query=\(escaped)", for: user)
    }
}

struct SearchTests {
    @Test(arguments: [
        ("tea", ["Green TEA please", "teahouse"]), ("TEA", ["Green TEA please", "teahouse"]),
        ("green please", ["Green TEA please"]), ("ＴＥＡ", ["Green TEA please", "teahouse"]),
        ("中文", ["我会说中文", "中文测试"]), ("中", ["我会说中文", "中文测试", "中"]), ("文测", ["中文测试"]),
        ("中文测试", ["中文测试"]), ("测中", []), ("문", ["한국어 문장"]), ("カタ", ["ｶﾀｶﾅ"]),
        ("100%", ["100% sure"]), ("%", ["100% sure"]), ("_", ["snake_case"]), ("snake_case", ["snake_case"]),
        ("case", ["snake_case"]),
        ("it's", ["it's \\ a 'quote'"]), ("\\", ["it's \\ a 'quote'"]), ("'quote'", ["it's \\ a 'quote'"]),
        ("🍵", ["🍵 now"]), ("&", []), ("!", []), ("tea:*", []), ("a|b", []), ("(", []), ("nothing", []),
        ("CAFÉ", ["Café"]), ("STRASSE", []), ("caf\u{65}\u{301}", ["Café"]),
    ])
    func `a search finds what says it, every character as it stands`(text: String, expected: [String]) async throws {
        try await HistoryFixture.with { history in
            try await history.direct(.lobby, .alice, .bob)
            for said in [
                "Green TEA please", "teahouse", "我会说中文", "中文测试", "中", "한국어 문장", "ｶﾀｶﾅ", "100% sure", "snake_case",
                "it's \\ a 'quote'", "🍵 now", "Café",
            ] {
                try await history.send(said)
            }
            try await history.indexAll()
            #expect(Set(try await history.found(text: text)) == Set(expected))
        }
    }

    @Test func `terms are words, and every two neighbouring characters of Chinese`() async throws {
        try await HistoryFixture.with { history in
            func cut(_ text: String) async throws -> [String] {
                try await history.postgres.one("SELECT history.terms(\(text))")
            }
            #expect(
                Set(try await cut("Hello 世界,中文搜索 ok!")) == [
                    "hello", "ok", "世界", "中文", "搜索", "文搜", "界", "索", ",", "!",
                ])
            let query: String = try await history.postgres.one("SELECT history.search_query('中文测 it''s a\\')::text")
            let terms = ["''''", #"'\\'"#, "'a'", "'it'", "'s'"].map { $0 + ":*" } + ["'中文'", "'文测'"]
            #expect(Set(query.components(separatedBy: " & ")) == Set(terms))
            let none: String? = try await history.postgres.one("SELECT history.search_query(' ')::text")
            #expect(none == nil)
        }
    }

    @Test func `many long messages in Chinese do not hold the index up`() async throws {
        try await HistoryFixture.with { history in
            try await history.direct(.lobby, .alice, .bob)
            let long = String(repeating: "茶馆开门", count: 1_000)
            for _ in 1...Int(SearchIndexStore.maxEntries) { try await history.send(long) }
            // A statement has five seconds here.
            try await history.indexAll()
            #expect(try await history.found(text: "门茶").count == 50)
        }
    }

    @Test func `while messages wait to be stored, the index rests three times as long as it works`() async throws {
        try await HistoryFixture.with { history in
            try await history.direct(.lobby, .alice, .bob)
            try await history.send("tea")
            let clock = RestingClock()
            func round(isBusy: Bool) async throws -> Duration {
                let begun = ContinuousClock.now
                try await SearchIndexer(index: history.index, clock: clock, logger: .tests) { isBusy }.round()
                return ContinuousClock.now - begun
            }
            let took = try await round(isBusy: true)
            #expect(try await history.found(text: "tea") == ["tea"])
            let rest = try #require(clock.rests.first)
            #expect(clock.rests.count == 1 && rest > .zero && rest <= took * 3)
            try await history.send("more tea")
            _ = try await round(isBusy: false)
            #expect(try await history.found(text: "tea").count == 2)
            #expect(clock.rests.count == 1)
        }
    }

    @Test func `only what one may see is found`() async throws {
        try await HistoryFixture.with { history in
            try await history.change(.groupCreated(chatroom: .lobby, name: "tea", owner: .alice))
            try await history.send("tea before")
            try await history.change(
                .memberAdded(chatroom: .lobby, user: .bob, by: .alice, role: .member, showsHistory: false))
            try await history.send("tea after")
            try await history.direct(.cellar, .alice, .carol)
            try await history.send("tea in the cellar", to: .cellar)
            try await history.indexAll()
            #expect(try await history.found("query=tea", for: .alice).count == 3)
            #expect(try await history.found("query=tea", for: .bob) == ["tea after"])
            #expect(try await history.found("query=tea&chatroomId=11", for: .bob) == [])
            #expect(try await history.found("query=tea", for: .mallory) == [])
            try await history.change(.memberRemoved(chatroom: .lobby, user: .bob, by: .alice))
            #expect(try await history.found("query=tea", for: .bob) == [])
        }
    }

    @Test func `a search is narrowed by chatroom, sender, type and time, and goes on where it stopped`() async throws {
        try await HistoryFixture.with { history in
            try await history.direct(.lobby, .alice, .bob)
            try await history.direct(.cellar, .alice, .bob)
            for n in 1...7 { try await history.send("tea \(n)", from: n % 2 == 0 ? .bob : .alice) }
            try await history.send("tea below", to: .cellar)
            try await history.postgres.execute(
                """
                UPDATE history.entries SET created_at = '2026-01-01T00:00:00Z'::timestamptz + seq * interval '1 day'
                WHERE chatroom_id = 10
                """)
            try await history.indexAll()
            #expect(try await history.found("query=tea&chatroomId=11") == ["tea below"])
            #expect(try await history.found("query=tea&from=2") == ["tea 6", "tea 4", "tea 2"])
            #expect(try await history.found("query=tea&type=image") == [])
            #expect(try await history.found("query=tea&type=text&chatroomId=10").count == 7)
            #expect(
                try await history.found("query=tea&after=2026-01-03T00:00:00Z&before=2026-01-05T00:00:00Z")
                    == ["tea 3", "tea 2"])
            var seen: [Seq] = []
            var cursor: SearchCursor?
            let query = try SearchQuery(query: try Query("query=tea&chatroomId=10"))
            while true {
                let page = try await history.searches.messages(matching: query, for: .bob, after: cursor, limit: 3)
                guard let last = page.last else { break }
                seen += page.map(\.seq)
                cursor = SearchCursor(SearchCursor(last).description)
            }
            #expect(seen == [7, 6, 5, 4, 3, 2, 1])
        }
    }

    @Test func `an edited message is found by what it says now`() async throws {
        try await HistoryFixture.with { history in
            try await history.direct(.lobby, .alice, .bob)
            try await history.send("gren tea")
            try await history.indexAll()
            try await history.wish(.edit("black coffee"), for: 1)
            // Before the index has it, too, the old text is not found.
            #expect(try await history.found("query=tea") == [])
            try await history.indexAll()
            #expect(try await history.found("query=coffee") == ["black coffee"])
            #expect(try await history.found("query=tea") == [])
        }
    }

    @Test func `O12: recalled text is gone at once, and does not come back`() async throws {
        try await HistoryFixture.with { history in
            try await history.direct(.lobby, .alice, .bob)
            for text in ["secret one", "secret two"] { try await history.send(text) }
            try await history.indexAll()
            try await history.send("secret three")
            for seq in 1...3 { try await history.wish(.recall, for: Seq(seq)) }
            #expect(try await history.found("query=secret") == [])
            let left: Int64 = try await history.postgres.one("SELECT count(*) FROM history.search_terms")
            #expect(left == 0)
            try await history.indexAll()
            let later: Int64 = try await history.postgres.one("SELECT count(*) FROM history.search_terms")
            #expect(later == 0)
        }
    }

    @Test func `several instances that fill the index at once miss nothing`() async throws {
        try await HistoryFixture.with(connections: 6) { history in
            try await history.direct(.lobby, .alice, .bob)
            try await history.direct(.cellar, .alice, .bob)
            for room in [ChatroomID.lobby, .cellar] {
                let drafts = try (0..<500).map { try PreparedDraft.text("tea \($0)", to: room) }
                _ = try await history.entries.append(drafts)
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 { group.addTask { try await history.indexAll() } }
                for n in 0..<20 { group.addTask { try await history.wish(.edit("coffee \(n)"), for: Seq(n + 1)) } }
                try await group.waitForAll()
            }
            try await history.indexAll()
            let counts: [Int64] = try await history.postgres.all(
                "SELECT count(*) FROM history.search_terms GROUP BY chatroom_id")
            #expect(counts == [500, 500])
            #expect(try await history.found("query=coffee").count == 20)
            #expect(try await history.index.chatroomsBehind(writtenInLast: nil) == [])
        }
    }

    @Test(arguments: [
        "", "query=", "query=%20%20", "query=a&type=video", "query=a&from=0", "query=a&before=yesterday",
        "query=a&chatroomId=1.5",
    ])
    func `what cannot be looked for is refused`(query: String) async throws {
        let parsed = try Query(query)
        #expect(throws: RequestError.self) { try SearchQuery(query: parsed) }
    }

    @Test func `over HTTP a search answers messages with their senders, and nothing to a stranger`() async throws {
        try await ServiceFixture.with { history in
            history.others.name(.alice, "Alice")
            let room = try await history.direct(.alice, .bob)
            for text in ["tea 1", "tea 2"] { _ = await history.send(text, to: room) }
            try await history.parts.indexer.round()
            let first = try await history.call(.get, "/search?query=TEA&limit=1", as: .bob).decode(Found.self)
            #expect(first.messages.map(\.content) == ["tea 2"])
            #expect(first.messages.map(\.sender.nickname) == ["Alice"])
            let next = try #require(first.next)
            let second = try await history.call(.get, "/search?query=TEA&cursor=\(next)", as: .bob).decode(Found.self)
            #expect(second.messages.map(\.content) == ["tea 1"])
            #expect(second.next == nil)
            // O10
            for path in ["/search?query=tea", "/search?query=tea&chatroomId=\(room)"] {
                let stranger = try await history.call(.get, path, as: .mallory)
                #expect(stranger.text == #"{"messages":[]}"#)
            }
            #expect(try await history.call(.get, "/search?query=tea", as: nil).status == .unauthorized)
            for wrong in ["/search", "/search?query=a&cursor=x", "/search?query=a&limit=0", "/search?query=%00"] {
                #expect(try await history.call(.get, wrong, as: .bob).status == .badRequest, "\(wrong)")
            }
        }
    }

    private struct Found: Decodable {
        let messages: [Message]
        let next: String?
    }
}

/// A clock on which nobody waits: it notes for how long they would have.
private final class RestingClock: Clock {
    typealias Instant = ContinuousClock.Instant

    private let noted = Mutex<[Duration]>([])
    var rests: [Duration] { self.noted.withLock { $0 } }
    var now: Instant { .now }
    var minimumResolution: Duration { .nanoseconds(1) }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        self.noted.withLock { $0.append(deadline - .now) }
    }
}
