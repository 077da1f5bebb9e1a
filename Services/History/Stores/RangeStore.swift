import ChatAPI
import Foundation
import Postgres

/// Reads parts of logs: for replay, for holes and for `/sync`.
struct RangeStore: Sendable {
    let postgres: Postgres

    /// How far each log is, and from where a user may read it; chatrooms the user is not in are left out.
    func readable(by user: UserID, among chatrooms: [ChatroomID]) async throws -> [ReadableLog] {
        try await self.postgres.all(
            """
            SELECT m.chatroom_id, h.seq AS head, m.from_seq
            FROM history.members AS m JOIN history.chatroom_heads AS h ON h.chatroom_id = m.chatroom_id
            WHERE m.user_id = \(user.rawValue) AND m.chatroom_id = ANY (\(chatrooms.map(\.rawValue))::bigint[])
                AND m.left_seq IS NULL
            """)
    }

    /// The entries of each part, ascending. As seqs have no holes, a part's bounds are its size: the caller limits.
    func entries(in parts: [LogPart]) async throws -> [[Entry]] {
        let rows: [PartRow] = try await self.postgres.all(
            """
            SELECT p.n, \(Entry.columns)
            FROM unnest(
                \(parts.map(\.chatroom.rawValue))::bigint[], \(parts.map(\.after))::bigint[],
                \(parts.map(\.upTo))::bigint[]
            ) WITH ORDINALITY AS p (chatroom_id, after, up_to, n)
            JOIN LATERAL (
                SELECT \(Entry.stored) FROM history.entries
                WHERE chatroom_id = p.chatroom_id AND seq > p.after AND seq <= p.up_to
            ) AS e ON TRUE
            ORDER BY p.n, e.seq
            """)
        var entries: [[Entry]] = Array(repeating: [], count: parts.count)
        for row in rows { entries[row.part].append(row.entry) }
        return entries
    }
}

/// A log as one of its members may read it.
struct ReadableLog: PostgresRowDecodable, Hashable, Sendable {
    let chatroom: ChatroomID
    let head: Seq
    let from: Seq

    init(row: PostgresRow) throws(PostgresError) {
        self.chatroom = try row.get("chatroom_id")
        self.head = try row.get("head")
        self.from = try row.get("from_seq")
    }
}

private struct PartRow: PostgresRowDecodable {
    /// Which of the parts asked for.
    let part: Int
    let entry: Entry

    init(row: PostgresRow) throws(PostgresError) {
        self.part = try row.get("n") - 1
        self.entry = try Entry(row: row)
    }
}
