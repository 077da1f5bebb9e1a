import ChatAPI
import Foundation
import Postgres

/// Reads parts of logs: for replay, for holes and for `/sync`.
struct RangeStore: Sendable {
    let postgres: Postgres

    /// Somebody, and up to where they hold each log they ask about.
    struct Reader: Sendable {
        let user: UserID
        let cursors: [ChatroomID: Seq]
    }

    /// The logs among them that they may read, in the epoch of the same snapshot.
    struct Readable: Sendable {
        let epoch: UUID
        var logs: [ReadableLog] = []
        /// What all the readers of one call lack, but for those who lack too much.
        var entries: [LogPart: [Entry]] = [:]
    }

    /// How far each log is, from where each reader may read it, and what they lack of it, all of it one statement. Chatrooms
    /// they are not in are left out.
    ///
    /// - Parameter limit: of whoever lacks more entries than that in all, none are read.
    func readable(by readers: [Reader], entries limit: Int64) async throws -> [Readable] {
        let rows: [ReadableRow] = try await self.postgres.all(Self.readable(by: readers, entries: limit))
        guard let epoch = rows.lazy.compactMap(\.epoch).first else {
            throw PostgresError(code: .noRow, message: "no epoch")
        }
        var entries: [LogPart: [Entry]] = [:]
        for row in rows { if case .entry(let part, let entry) = row { entries[part, default: []].append(entry) } }
        var readable = Array(repeating: Readable(epoch: epoch, entries: entries), count: readers.count)
        for row in rows { if case .log(_, let reader, let log) = row { readable[reader].logs.append(log) } }
        return readable
    }

    /// `parts`: members of one chatroom have mostly missed the same, which is read once.
    static func readable(by readers: [Reader], entries limit: Int64) -> SQL {
        let asked = readers.enumerated().flatMap { n, reader in
            reader.cursors.map { (n: Int64(n), user: reader.user.rawValue, chatroom: $0.key.rawValue, after: $0.value) }
        }
        return """
            WITH readable AS MATERIALIZED (
                SELECT a.n, m.chatroom_id, h.seq AS head, m.from_seq, greatest(a.after, m.from_seq - 1) AS after
                FROM unnest(
                    \(asked.map { $0.n })::bigint[], \(asked.map { $0.user })::bigint[],
                    \(asked.map { $0.chatroom })::bigint[], \(asked.map { $0.after })::bigint[]
                ) AS a (n, user_id, chatroom_id, after)
                JOIN history.members AS m
                    ON m.chatroom_id = a.chatroom_id AND m.user_id = a.user_id AND m.left_seq IS NULL
                JOIN history.chatroom_heads AS h ON h.chatroom_id = m.chatroom_id
            ), parts AS MATERIALIZED (
                SELECT DISTINCT chatroom_id, after, head
                FROM (
                    SELECT chatroom_id, after, head, sum(greatest(0, head - after)) OVER (PARTITION BY n) AS missed
                    FROM readable
                ) AS r
                WHERE head > after AND missed <= \(limit)
            )
            SELECT NULL::uuid AS epoch, NULL::bigint AS n, p.chatroom_id AS log, p.head, NULL::bigint AS from_seq, p.after,
                \(Entry.columns)
            FROM parts AS p
            CROSS JOIN LATERAL (
                SELECT \(Entry.stored) FROM history.entries
                WHERE chatroom_id = p.chatroom_id AND seq > p.after AND seq <= p.head
                ORDER BY seq LIMIT greatest(0, p.head - p.after)
            ) AS e
            UNION ALL
            SELECT o.epoch, r.n, r.chatroom_id, r.head, r.from_seq, r.after,
                NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
            FROM history.epochs AS o LEFT JOIN readable AS r ON TRUE
            """
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
        self.chatroom = try row.get("log")
        self.head = try row.get("head")
        self.from = try row.get("from_seq")
    }
}

private enum ReadableRow: PostgresRowDecodable {
    /// One that a reader has asked for and may read; of no reader where there is none.
    case log(epoch: UUID, reader: Int, ReadableLog)
    case nothing(epoch: UUID)
    case entry(LogPart, Entry)

    init(row: PostgresRow) throws(PostgresError) {
        guard let epoch: UUID = try row.get("epoch") else {
            let part = LogPart(
                chatroom: try row.get("log"), after: try row.get("after"), upTo: try row.get("head"))
            self = .entry(part, try Entry(row: row))
            return
        }
        guard let reader: Int64 = try row.get("n") else {
            self = .nothing(epoch: epoch)
            return
        }
        self = .log(epoch: epoch, reader: Int(reader), try ReadableLog(row: row))
    }

    var epoch: UUID? {
        switch self {
        case .log(let epoch, _, _), .nothing(let epoch): epoch
        case .entry: nil
        }
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
