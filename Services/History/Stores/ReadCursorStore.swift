import ChatAPI
import Foundation
import Postgres

/// Up to where each member has read.
struct ReadCursorStore: Sendable {
    let postgres: Postgres

    /// Moves read cursors forward to where each is wanted, or to the head where that is less. None ever goes back.
    ///
    /// Where another call has moved one further meanwhile, the row is written as it is, so that it can be returned: the
    /// statement's own snapshot still shows where the cursor was before.
    ///
    /// - Returns: where each cursor is now, in order; `nil` for who is not in the chatroom now.
    func move(_ places: [MoveCursors.Item]) async throws -> [MovedCursor?] {
        // A row can be written once in a statement: what is wanted for it several times is wanted as far as the farthest.
        let wanted = Dictionary(places.map { (Place($0), $0.seq) }, uniquingKeysWith: { max($0, $1) })
        let keys = Array(wanted.keys)
        let rows: [MovedRow] = try await self.postgres.all(
            """
            WITH place AS (
                SELECT w.n, m.chatroom_id, m.user_id, h.ordinal AS head_ordinal, m.from_ordinal,
                    least(w.seq, h.seq) AS seq, coalesce(c.seq, 0) AS old_seq, coalesce(c.ordinal, 0) AS old_ordinal
                FROM unnest(
                    \(keys.map(\.chatroom.rawValue))::bigint[], \(keys.map(\.user.rawValue))::bigint[],
                    \(keys.map { wanted[$0] ?? 0 })::bigint[]
                ) WITH ORDINALITY AS w (chatroom_id, user_id, seq, n)
                JOIN history.members AS m
                    ON m.chatroom_id = w.chatroom_id AND m.user_id = w.user_id AND m.left_seq IS NULL
                JOIN history.chatroom_heads AS h ON h.chatroom_id = m.chatroom_id
                LEFT JOIN history.read_cursors AS c ON c.chatroom_id = m.chatroom_id AND c.user_id = m.user_id
            ), moved AS (
                INSERT INTO history.read_cursors AS c (chatroom_id, user_id, seq, ordinal)
                SELECT p.chatroom_id, p.user_id, p.seq, e.ordinal
                FROM place AS p JOIN history.entries AS e ON e.chatroom_id = p.chatroom_id AND e.seq = p.seq
                WHERE p.seq > p.old_seq
                ORDER BY p.chatroom_id, p.user_id
                ON CONFLICT (chatroom_id, user_id) DO UPDATE
                SET seq = greatest(c.seq, excluded.seq), ordinal = greatest(c.ordinal, excluded.ordinal),
                    read_at = CASE WHEN c.seq < excluded.seq THEN excluded.read_at ELSE c.read_at END
                RETURNING chatroom_id, user_id, seq, ordinal
            )
            SELECT p.n, coalesce(m.seq, p.old_seq) AS seq, m.seq IS NOT NULL AS is_new,
                greatest(0, p.head_ordinal - greatest(coalesce(m.ordinal, p.old_ordinal), p.from_ordinal)) AS unread
            FROM place AS p LEFT JOIN moved AS m ON m.chatroom_id = p.chatroom_id AND m.user_id = p.user_id
            """)
        let moved = Dictionary(rows.map { (keys[$0.place], $0.moved) }, uniquingKeysWith: { first, _ in first })
        return places.map { moved[Place($0)] }
    }

    /// Moves one cursor.
    ///
    /// - Throws: ``HistoryError/chatroomNotFound`` for who is not in the chatroom now.
    func move(to seq: Seq, in chatroom: ChatroomID, of user: UserID) async throws -> ReadCursor {
        let place = MoveCursors.Item(userId: user, chatroomId: chatroom, seq: seq)
        guard let moved = try await self.move([place])[0] else { throw HistoryError.chatroomNotFound }
        return moved.cursor
    }

    /// The others who were in the chatroom when a message was sent and are there now, and since when those who have read
    /// it have been where they are.
    ///
    /// - Throws: ``HistoryError/messageNotFound`` for who may not see the message.
    func readers(of message: MessageID, for user: UserID) async throws -> [Reader] {
        let rows: [ReaderRow] = try await self.postgres.all(
            """
            SELECT o.user_id, CASE WHEN c.seq >= e.seq THEN c.read_at END AS read_at
            FROM history.members AS m
            JOIN history.entries AS e ON e.chatroom_id = m.chatroom_id AND e.seq >= m.from_seq AND e.kind = 'message'
            LEFT JOIN history.members AS o
                ON o.chatroom_id = m.chatroom_id AND o.left_seq IS NULL AND o.joined_seq < e.seq
                    AND o.user_id <> e.sender_id
            LEFT JOIN history.read_cursors AS c ON c.chatroom_id = o.chatroom_id AND c.user_id = o.user_id
            WHERE m.chatroom_id = \(message.chatroom.rawValue) AND m.user_id = \(user.rawValue)
                AND m.left_seq IS NULL AND e.seq = \(message.seq)
            ORDER BY read_at, o.user_id
            """)
        guard !rows.isEmpty else { throw HistoryError.messageNotFound }
        return rows.compactMap(\.reader)
    }

    private struct Place: Hashable {
        let chatroom: ChatroomID
        let user: UserID

        init(_ item: MoveCursors.Item) {
            self.chatroom = item.chatroomId
            self.user = item.userId
        }
    }
}

/// A read cursor, and how many messages lie above it.
struct ReadCursor: Hashable, Codable, Sendable {
    let seq: Seq
    let unread: Int64
}

/// `isNew`: it was not there before.
struct MovedCursor: Hashable, Sendable {
    let cursor: ReadCursor
    let isNew: Bool
}

/// Somebody who should have read a message; `at`: since when they have been at or after it, `nil` where they are not.
struct Reader: Hashable, Sendable {
    let user: UserID
    let at: Timestamp?
}

private struct MovedRow: PostgresRowDecodable {
    let place: Int
    let moved: MovedCursor

    init(row: PostgresRow) throws(PostgresError) {
        self.place = try row.get("n") - 1
        self.moved = MovedCursor(
            cursor: ReadCursor(seq: try row.get("seq"), unread: try row.get("unread")), isNew: try row.get("is_new"))
    }
}

private struct ReaderRow: PostgresRowDecodable {
    let reader: Reader?

    init(row: PostgresRow) throws(PostgresError) {
        guard let user: UserID = try row.get("user_id") else {
            self.reader = nil
            return
        }
        self.reader = Reader(user: user, at: (try row.get("read_at") as Date?).map { Timestamp($0) })
    }
}
