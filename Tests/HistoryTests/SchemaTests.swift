import ChatAPI
import Postgres
import Testing

@testable import History

struct SchemaTests {
    @Test func `every unique key of a chatroom's tables begins with the chatroom, and so does every reference`()
        async throws
    {
        try await HistoryFixture.with { history in
            let others: [String] = try await history.postgres.all(
                """
                SELECT DISTINCT i.indexrelid::regclass::text FROM pg_index AS i
                JOIN pg_class AS t ON t.oid = i.indrelid JOIN pg_namespace AS n ON n.oid = t.relnamespace
                JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = i.indkey[0]
                WHERE n.nspname = 'history' AND i.indisunique AND a.attname <> 'chatroom_id'
                UNION
                SELECT c.conname FROM pg_constraint AS c JOIN pg_namespace AS n ON n.oid = c.connamespace
                JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
                WHERE n.nspname = 'history' AND c.contype IN ('f', 'x') AND a.attname <> 'chatroom_id'
                """)
            // What belongs to no chatroom: the database's epoch, and how far the feeds of others are applied.
            let ours = others.filter {
                !$0.contains("epochs") && !$0.contains("feed_positions") && !$0.contains("migration")
            }
            #expect(ours == [])
        }
    }

    @Test func `entries have their place and their client id for keys, and no other`() async throws {
        try await HistoryFixture.with { history in
            let keys: [String] = try await history.postgres.all(
                """
                SELECT pg_get_constraintdef(oid) FROM pg_constraint
                WHERE conrelid = 'history.entries'::regclass AND contype IN ('p', 'u', 'f') ORDER BY 1
                """)
            #expect(keys == ["PRIMARY KEY (chatroom_id, seq)", "UNIQUE (chatroom_id, sender_id, client_id)"])
        }
    }

    @Test func `a chatroom's tables are partitioned by the chatroom`() async throws {
        try await HistoryFixture.with { history in
            for table in [
                "chatroom_heads", "entries", "members", "read_cursors", "favorites", "reactions", "media_releases",
                "search_terms", "search_heads", "retentions",
            ] {
                let key: String = try await history.postgres.one(
                    "SELECT pg_get_partkeydef(('history.' || \(table))::regclass)")
                #expect(key == "HASH (chatroom_id)")
                let count: Int64 = try await history.postgres.one(
                    "SELECT count(*) FROM pg_inherits WHERE inhparent = ('history.' || \(table))::regclass")
                #expect(count == 16)
            }
        }
    }
}
