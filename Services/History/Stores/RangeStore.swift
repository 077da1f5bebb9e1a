import ChatAPI
import Foundation
import Postgres

/// Reads parts of logs: for replay, for holes and for `/sync`.
struct RangeStore: Sendable {
    let postgres: Postgres

    /// Somebody, and the chatrooms they ask about.
    struct Reader: Sendable {
        let user: UserID
        let chatrooms: [ChatroomID]
    }

    /// The logs among them that they may read, in the epoch of the same snapshot.
    struct Readable: Sendable {
        let epoch: UUID
        var logs: [ReadableLog] = []
    }

    /// How far each log is, and from where each reader may read it; chatrooms they are not in are left out.
    func readable(by readers: [Reader]) async throws -> [Readable] {
        let asked = readers.enumerated().flatMap { n, reader in
            reader.chatrooms.map { (n: Int64(n), user: reader.user.rawValue, chatroom: $0.rawValue) }
        }
        let rows: [ReadableRow] = try await self.postgres.all(
            """
            SELECT o.epoch, v.n, v.chatroom_id, v.head, v.from_seq
            FROM history.epochs AS o
            LEFT JOIN (
                SELECT a.n, m.chatroom_id, h.seq AS head, m.from_seq
                FROM unnest(
                    \(asked.map { $0.n })::bigint[], \(asked.map { $0.user })::bigint[],
                    \(asked.map { $0.chatroom })::bigint[]
                ) AS a (n, user_id, chatroom_id)
                JOIN history.members AS m
                    ON m.chatroom_id = a.chatroom_id AND m.user_id = a.user_id AND m.left_seq IS NULL
                JOIN history.chatroom_heads AS h ON h.chatroom_id = m.chatroom_id
            ) AS v ON TRUE
            """)
        guard let epoch = rows.first?.epoch else { throw PostgresError(code: .noRow, message: "no epoch") }
        var readable = Array(repeating: Readable(epoch: epoch), count: readers.count)
        for row in rows { if let log = row.log { readable[log.reader].logs.append(log.log) } }
        return readable
    }

    /// The entries of each part, ascending. As seqs have no holes, a part's bounds are its size: the caller limits.
    func entries(in parts: [LogPart]) async throws -> [[Entry]] {
        let rows: [PartRow] = try await self.postgres.all(Self.entries(in: parts))
        var entries: [[Entry]] = Array(repeating: [], count: parts.count)
        for row in rows { entries[row.part].append(row.entry) }
        return entries
    }

    /// The limit changes nothing but the plan: each part by the index, where a join would read all logs from end to end.
    static func entries(in parts: [LogPart]) -> SQL {
        """
        SELECT p.n, \(Entry.columns)
        FROM unnest(
            \(parts.map(\.chatroom.rawValue))::bigint[], \(parts.map(\.after))::bigint[],
            \(parts.map(\.upTo))::bigint[]
        ) WITH ORDINALITY AS p (chatroom_id, after, up_to, n)
        JOIN LATERAL (
            SELECT \(Entry.stored) FROM history.entries
            WHERE chatroom_id = p.chatroom_id AND seq > p.after AND seq <= p.up_to
            ORDER BY seq LIMIT greatest(0, p.up_to - p.after)
        ) AS e ON TRUE
        ORDER BY p.n, e.seq
        """
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

private struct ReadableRow: PostgresRowDecodable {
    let epoch: UUID
    /// Which of the readers asked for, and what they may read.
    let log: (reader: Int, log: ReadableLog)?

    init(row: PostgresRow) throws(PostgresError) {
        self.epoch = try row.get("epoch")
        guard let reader: Int64 = try row.get("n") else {
            self.log = nil
            return
        }
        self.log = (Int(reader), try ReadableLog(row: row))
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
