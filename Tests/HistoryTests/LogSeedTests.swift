import ChatAPI
import LogSeed
import Postgres
import Testing

@testable import History

struct LogSeedTests {
    private static var small: LogSeed {
        var seed = LogSeed()
        seed.chatrooms = 10
        seed.entries = 2_000
        seed.users = 20
        seed.chatroomsEach = 5
        return seed
    }

    @Test func `a seeded log is as History would have left it`() async throws {
        try await HistoryFixture.with { history in
            try await Self.small.fill(history.postgres)
            let wrong: [String] = try await history.postgres.all(
                """
                SELECT 'seq' FROM history.entries GROUP BY chatroom_id HAVING max(seq) <> count(*) OR count(*) <> 200
                UNION ALL SELECT 'head' FROM history.chatroom_heads AS h WHERE (seq, ordinal) <> (
                    SELECT max(seq), count(*) FILTER (WHERE kind = 'message') FROM history.entries AS e
                    WHERE e.chatroom_id = h.chatroom_id)
                UNION ALL SELECT 'ordinal' FROM (
                    SELECT ordinal, count(*) FILTER (WHERE kind = 'message')
                        OVER (PARTITION BY chatroom_id ORDER BY seq) AS counted FROM history.entries) AS o
                    WHERE ordinal <> counted
                UNION ALL SELECT 'time' FROM (
                    SELECT created_at, lag(created_at) OVER (PARTITION BY chatroom_id ORDER BY seq) AS earlier
                    FROM history.entries) AS t WHERE created_at < earlier
                UNION ALL SELECT 'sender' FROM history.entries AS e WHERE kind = 'message' AND NOT EXISTS (
                    SELECT FROM history.members AS m
                    WHERE m.chatroom_id = e.chatroom_id AND m.user_id = e.sender_id AND m.joined_seq < e.seq)
                UNION ALL SELECT 'cursor' FROM history.read_cursors AS c
                    WHERE ordinal <> (SELECT ordinal FROM history.entries AS e
                        WHERE e.chatroom_id = c.chatroom_id AND e.seq = c.seq)
                    OR seq < (SELECT max(seq) FROM history.entries AS e
                        WHERE e.chatroom_id = c.chatroom_id AND e.sender_id = c.user_id)
                UNION ALL SELECT 'member' FROM history.members AS m WHERE NOT EXISTS (
                    SELECT FROM history.entries AS e WHERE e.chatroom_id = m.chatroom_id AND e.seq = m.joined_seq
                        AND coalesce(e.body ->> 'userId', e.body ->> 'by')::bigint = m.user_id)
                """)
            #expect(wrong == [])
            let members: Int64 = try await history.postgres.one("SELECT count(*) FROM history.members")
            #expect(members == 100)
        }
    }

    @Test func `a seeded message sent again is the same message`() async throws {
        try await HistoryFixture.with { history in
            try await Self.small.fill(history.postgres)
            var page: [Message] = []
            for chatroom in Self.small.chatrooms(of: 0) {
                page += try await history.page(of: ChatroomID(chatroom), for: UserID(Self.small.user(0)))
            }
            #expect(page.count == 500)
            for message in page {
                let body = MessageBody(
                    type: .text, content: message.content, replyTo: message.replyTo, mentions: message.mentions)
                let outcome = try await history.entries.append([
                    .text(body, from: message.sender.id, to: message.chatroomId, clientId: message.clientId)
                ])[0]
                #expect(outcome.seq == message.seq)
            }
            #expect(page.contains { $0.replyTo != nil } && page.contains { $0.mentions != nil })
        }
    }

    @Test func `a seeded log is in the search index as if the indexer had filled it, and the same each time`()
        async throws
    {
        func terms(_ history: HistoryFixture) async throws -> String {
            try await history.postgres.one(
                "SELECT md5(string_agg(t::text, '|' ORDER BY chatroom_id, seq)) FROM history.search_terms AS t")
        }
        var seen: Set<String> = []
        for _ in 1...2 {
            try await HistoryFixture.with { history in
                try await Self.small.fill(history.postgres)
                let seeded = try await terms(history)
                try await history.postgres.group([
                    "DELETE FROM history.search_terms", "DELETE FROM history.search_heads",
                ])
                try await history.indexAll()
                let indexed = try await terms(history)
                #expect(indexed == seeded)
                seen.insert(seeded)
            }
        }
        #expect(seen.count == 1)
    }

    @Test func `sizes that make no log are refused`() {
        #expect(Self.small.problem == nil)
        var seed = Self.small
        seed.entries = 100
        #expect(seed.problem != nil)
        seed = Self.small
        seed.entries = 2_001
        #expect(seed.problem != nil)
        seed = Self.small
        seed.chatroomsEach = 11
        #expect(seed.problem != nil)
    }
}
