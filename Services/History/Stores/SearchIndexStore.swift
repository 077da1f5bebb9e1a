import ChatAPI
import Foundation
import Postgres

/// Fills the search index behind the heads.
struct SearchIndexStore: Sendable {
    let postgres: Postgres

    /// The most entries of one chatroom that are taken at a time.
    static let maxEntries: Int64 = 200
    private static let maxChatrooms: Int64 = 1_000

    /// Chatrooms of which the index lacks entries. With `duration`: of those in which something was written in that time,
    /// which is found quickly; without, of all.
    func chatroomsBehind(writtenInLast duration: Duration?) async throws -> [ChatroomID] {
        var sql: SQL = """
            SELECT h.chatroom_id FROM history.chatroom_heads AS h
            LEFT JOIN history.search_heads AS s ON s.chatroom_id = h.chatroom_id
            WHERE h.seq > coalesce(s.seq, 0)
            """
        if let duration {
            sql += """
                 AND h.chatroom_id IN (
                    SELECT chatroom_id FROM history.entries WHERE created_at > statement_timestamp() - \(duration))
                """
        }
        return try await self.postgres.all(sql + " LIMIT \(Self.maxChatrooms)")
    }

    /// Takes the next entries of each chatroom, at most so many of each, into the index, in one transaction.
    ///
    /// The lock comes first, in a statement of its own: of several instances each sees what the one before it has done.
    /// An edit and a recall are about an earlier message, whose terms are made anew from how it is now.
    ///
    /// - Returns: the chatrooms that have more.
    func index(_ chatrooms: [ChatroomID], entries: Int64 = Self.maxEntries) async throws -> [ChatroomID] {
        let ids = chatrooms.map(\.rawValue)
        let results = try await self.postgres.group([
            """
            INSERT INTO history.search_heads (chatroom_id)
            SELECT id FROM unnest(\(ids)::bigint[]) AS id ORDER BY id
            ON CONFLICT (chatroom_id) DO NOTHING
            """,
            """
            SELECT chatroom_id FROM history.search_heads
            WHERE chatroom_id = ANY (\(ids)::bigint[]) ORDER BY chatroom_id FOR UPDATE
            """,
            """
            WITH part AS MATERIALIZED (
                SELECT s.chatroom_id, s.seq AS after, least(h.seq, s.seq + \(entries)) AS up_to, h.seq AS head
                FROM history.search_heads AS s JOIN history.chatroom_heads AS h ON h.chatroom_id = s.chatroom_id
                WHERE s.chatroom_id = ANY (\(ids)::bigint[]) AND h.seq > s.seq
            ), touched AS MATERIALIZED (
                SELECT DISTINCT p.chatroom_id, coalesce(e.target_seq, e.seq) AS seq
                FROM part AS p
                JOIN history.entries AS e
                    ON e.chatroom_id = p.chatroom_id AND e.seq > p.after AND e.seq <= p.up_to
                WHERE e.kind IN ('message', 'edit', 'recall')
            ), said AS MATERIALIZED (
                SELECT t.chatroom_id, t.seq, e.body ? 'recalled' AS is_recalled,
                    array_to_tsvector(history.terms(\(SearchStore.text))) AS terms
                FROM touched AS t
                JOIN history.entries AS e ON e.chatroom_id = t.chatroom_id AND e.seq = t.seq
                LEFT JOIN history.entries AS x ON x.chatroom_id = e.chatroom_id AND x.seq = e.edited_seq
            ), stored AS (
                INSERT INTO history.search_terms (chatroom_id, seq, terms)
                SELECT chatroom_id, seq, terms FROM said WHERE NOT is_recalled ORDER BY chatroom_id, seq
                ON CONFLICT (chatroom_id, seq) DO UPDATE SET terms = excluded.terms
            ), gone AS (
                DELETE FROM history.search_terms AS s USING said
                WHERE s.chatroom_id = said.chatroom_id AND s.seq = said.seq AND said.is_recalled
            ), moved AS (
                UPDATE history.search_heads AS s SET seq = p.up_to FROM part AS p WHERE s.chatroom_id = p.chatroom_id
            )
            SELECT chatroom_id FROM part WHERE up_to < head
            """,
        ])
        return try results[2].decode()
    }
}
