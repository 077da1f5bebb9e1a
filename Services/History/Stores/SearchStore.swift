import ChatAPI
import Foundation
import Postgres

/// Messages by what they say.
struct SearchStore: Sendable {
    let postgres: any PostgresQuerying

    /// What a message is found by: its text as it is now, and the name of its file. `e` is the message, `x` its last edit.
    static let text: SQL = """
        coalesce(x.body ->> 'content', e.body ->> 'content') || E'\\n' || coalesce(e.body -> 'media' ->> 'name', '')
        """

    /// Messages that the user may see now and that say all of it, the newest first.
    func messages(
        matching query: SearchQuery, for user: UserID, after cursor: SearchCursor?, limit: Int
    ) async throws -> [Entry] {
        let rows = try await self.postgres.rows(Self.search(query, for: user, after: cursor, limit: limit))
        return try rows.map { row throws(PostgresError) in try Entry(rowWithState: row) }
    }

    /// The index finds what has all the terms; what is found is then compared with the text, as terms know neither order
    /// nor neighbours, and the index may be behind.
    ///
    /// Chatroom by chatroom, which `OFFSET 0` keeps so: then only that part of the index is read where the chatroom is, and
    /// of it only what lies in the chatroom. All at once, what others say in all chatrooms would be read too.
    static func search(_ query: SearchQuery, for user: UserID, after cursor: SearchCursor?, limit: Int) -> SQL {
        var sql: SQL = """
            SELECT \(Entry.columns), \(Entry.state)
            FROM history.members AS m
            CROSS JOIN LATERAL (
                SELECT chatroom_id, seq FROM history.search_terms
                WHERE chatroom_id = m.chatroom_id AND seq >= m.from_seq
                    AND terms @@ history.search_query(\(query.words.joined(separator: " ")))
                OFFSET 0
            ) AS s
            CROSS JOIN LATERAL (
                SELECT \(Entry.stored) FROM history.entries WHERE chatroom_id = s.chatroom_id AND seq = s.seq
                OFFSET 0
            ) AS e
            LEFT JOIN LATERAL (
                SELECT body FROM history.entries WHERE chatroom_id = e.chatroom_id AND seq = e.edited_seq
                OFFSET 0
            ) AS x ON TRUE
            WHERE m.user_id = \(user.rawValue) AND m.left_seq IS NULL
                AND e.kind = 'message' AND NOT e.body ? 'recalled'
                AND NOT EXISTS (
                    SELECT FROM unnest(\(query.words)::text[]) AS w
                    WHERE strpos(history.normal(\(Self.text)), history.normal(w)) = 0
                )
            """
        if let chatroom = query.chatroom { sql += " AND m.chatroom_id = \(chatroom.rawValue)" }
        if let sender = query.sender { sql += " AND e.sender_id = \(sender.rawValue)" }
        if let type = query.type { sql += " AND e.body ->> 'type' = \(type.rawValue)" }
        if let before = query.before { sql += " AND e.created_at < \(before.date)" }
        if let after = query.after { sql += " AND e.created_at >= \(after.date)" }
        if let cursor {
            sql += """
                 AND (e.created_at, e.chatroom_id, e.seq)
                    < (to_timestamp(\(cursor.milliseconds)::float8 / 1000), \(cursor.chatroom), \(cursor.seq))
                """
        }
        return sql + " ORDER BY e.created_at DESC, e.chatroom_id DESC, e.seq DESC LIMIT \(limit)"
    }
}
