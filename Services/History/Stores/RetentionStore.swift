import ChatAPI
import Postgres
import ServiceKit

/// Frees what chatrooms keep no longer, by raising the floor of their logs.
///
/// Up to the floor an entry keeps its place, its client id and its digest, so that a log has no hole and no message is
/// stored a second time; of what was said nothing stays. Everybody's first visible entry is above it.
struct RetentionStore: Sendable {
    let postgres: Postgres
    /// For how long chatrooms keep what is said that were told nothing else; `nil`: for ever.
    let usual: Duration?

    /// The most entries that are freed in one transaction: senders to the chatroom wait for it.
    static let maxEntries: Int64 = 1_000
    private static let maxChatrooms: Int64 = 1_000

    /// - Parameter keep: `nil`: as the configuration says.
    func set(_ keep: Retention?, of chatroom: ChatroomID) async throws {
        guard let keep else {
            try await self.postgres.execute(
                "DELETE FROM history.retentions WHERE chatroom_id = \(chatroom.rawValue)")
            return
        }
        try await self.postgres.execute(
            """
            INSERT INTO history.retentions (chatroom_id, keep_seconds) VALUES (\(chatroom.rawValue), \(keep.seconds))
            ON CONFLICT (chatroom_id) DO UPDATE SET keep_seconds = excluded.keep_seconds
            """)
    }

    /// Chatrooms of which the entry above the floor is older than they keep it.
    func chatroomsWithOld() async throws -> [ChatroomID] {
        // Where all keep what they have unless told otherwise, only those that were told are looked at.
        let told: SQL = self.usual == nil ? "JOIN" : "LEFT JOIN"
        return try await self.postgres.all(
            """
            SELECT h.chatroom_id FROM history.chatroom_heads AS h
            \(told) history.retentions AS r ON r.chatroom_id = h.chatroom_id
            JOIN history.entries AS e ON e.chatroom_id = h.chatroom_id AND e.seq = h.floor_seq + 1
            WHERE e.created_at < statement_timestamp() - \(self.keep)
            ORDER BY h.chatroom_id LIMIT \(Self.maxChatrooms)
            """)
    }

    /// Frees the next old entries of a chatroom, up to the first that is to be kept.
    ///
    /// The indexer's lock comes first: it must not take in what is freed meanwhile. Then the head's, in a statement of its
    /// own, as with everything that changes a log. An edit goes with its message, however new it is.
    ///
    /// - Returns: whether there may be more.
    func free(_ chatroom: ChatroomID, entries: Int64 = Self.maxEntries) async throws -> Bool {
        let id = chatroom.rawValue
        let results = try await self.postgres.group([
            "SELECT FROM history.search_heads WHERE chatroom_id = \(id) FOR UPDATE",
            "SELECT FROM history.chatroom_heads WHERE chatroom_id = \(id) FOR NO KEY UPDATE",
            """
            WITH place AS MATERIALIZED (
                SELECT h.chatroom_id, h.floor_seq AS below, f.seq AS floor, f.ordinal
                FROM history.chatroom_heads AS h
                LEFT JOIN history.retentions AS r ON r.chatroom_id = h.chatroom_id
                JOIN LATERAL (
                    SELECT e.seq, e.ordinal,
                        bool_and(e.created_at < statement_timestamp() - \(self.keep)) OVER (ORDER BY e.seq) AS is_old
                    FROM history.entries AS e
                    WHERE e.chatroom_id = h.chatroom_id AND e.seq > h.floor_seq AND e.seq <= h.floor_seq + \(entries)
                ) AS f ON f.is_old
                WHERE h.chatroom_id = \(id)
                ORDER BY f.seq DESC LIMIT 1
            ), releases AS (
                INSERT INTO history.media_releases (chatroom_id, seq, sender_id, client_id)
                SELECT e.chatroom_id, e.seq, e.sender_id, e.client_id FROM place AS p JOIN history.entries AS e
                    ON e.chatroom_id = p.chatroom_id AND e.seq > p.below AND e.seq <= p.floor
                WHERE e.kind = 'message' AND e.body ? 'media'
                ON CONFLICT (chatroom_id, seq) DO NOTHING
            ), messages AS (
                UPDATE history.entries AS e
                SET body = (e.body - 'media' - 'mentions' - 'replyTo') || '{"content":"","recalled":true}',
                    edited_seq = NULL
                FROM place AS p
                WHERE e.chatroom_id = p.chatroom_id AND e.seq > p.below AND e.seq <= p.floor AND e.kind = 'message'
            ), edits AS (
                UPDATE history.entries AS e SET body = '{"content":""}' FROM place AS p
                WHERE e.chatroom_id = p.chatroom_id AND e.target_seq > p.below AND e.target_seq <= p.floor
                    AND e.kind = 'edit'
            ), terms AS (
                DELETE FROM history.search_terms AS s USING place AS p
                WHERE s.chatroom_id = p.chatroom_id AND s.seq > p.below AND s.seq <= p.floor
            ), reactions AS (
                DELETE FROM history.reactions AS r USING place AS p
                WHERE r.chatroom_id = p.chatroom_id AND r.seq > p.below AND r.seq <= p.floor
            ), members AS (
                UPDATE history.members AS m
                SET from_seq = p.floor + 1, from_ordinal = p.ordinal FROM place AS p
                WHERE m.chatroom_id = p.chatroom_id AND m.from_seq <= p.floor
            )
            UPDATE history.chatroom_heads AS h SET floor_seq = p.floor, floor_ordinal = p.ordinal FROM place AS p
            WHERE h.chatroom_id = p.chatroom_id
            RETURNING p.floor - p.below AS freed
            """,
        ])
        return try results[2].first.map { try $0.get("freed", as: Int64.self) == entries } ?? false
    }

    /// How long a chatroom keeps, with `r` its row of `history.retentions`; NULL: for ever.
    private var keep: SQL {
        """
        CASE WHEN r.chatroom_id IS NULL THEN \(self.usual.map { $0 / .seconds(1) })::float8 ELSE r.keep_seconds END
            * interval '1 second'
        """
    }
}

/// For how long a chatroom keeps what is said in it.
enum Retention: Hashable, Sendable {
    case forEver
    case seconds(Int64)

    var seconds: Int64? { if case .seconds(let seconds) = self { seconds } else { nil } }
}
