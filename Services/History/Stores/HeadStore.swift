import ChatAPI
import Foundation
import Postgres

/// How far the logs are, and what each user may see of them.
struct HeadStore: Sendable {
    let postgres: Postgres

    func epoch() async throws -> UUID {
        try await self.postgres.one("SELECT epoch FROM history.epochs")
    }

    /// The newest seq of each chatroom that has a log.
    func heads(of chatrooms: [ChatroomID]) async throws -> [ChatroomID: Seq] {
        let rows: [HeadRow] = try await self.postgres.all(
            """
            SELECT chatroom_id, seq FROM history.chatroom_heads
            WHERE chatroom_id = ANY (\(chatrooms.map(\.rawValue))::bigint[])
            """)
        return rows.heads
    }

    /// The heads of the chatrooms in which something was written in the last seconds, by the database's clock.
    func heads(writtenInLast duration: Duration) async throws -> [ChatroomID: Seq] {
        let rows: [HeadRow] = try await self.postgres.all(
            """
            SELECT chatroom_id, max(seq) AS seq FROM history.entries
            WHERE created_at > statement_timestamp() - \(duration)
            GROUP BY chatroom_id
            """)
        return rows.heads
    }

    /// The current memberships of users, with the position of Social's feed they are at: one statement, one snapshot.
    func views(of users: [UserID]) async throws -> LookupViews.Answer {
        let rows: [ViewRow] = try await self.postgres.all(
            """
            SELECT o.epoch, f.position, v.user_id, v.chatroom_id, v.head, v.from_seq, v.joined_seq
            FROM history.epochs AS o
            JOIN history.feed_positions AS f ON f.feed = 'social'
            LEFT JOIN (
                SELECT m.user_id, m.chatroom_id, h.seq AS head, m.from_seq, m.joined_seq
                FROM history.members AS m JOIN history.chatroom_heads AS h ON h.chatroom_id = m.chatroom_id
                WHERE m.user_id = ANY (\(users.map(\.rawValue))::bigint[]) AND m.left_seq IS NULL
            ) AS v ON TRUE
            ORDER BY v.user_id, v.chatroom_id
            """)
        guard let first = rows.first else {
            throw PostgresError(code: .decoding, message: "no epoch or no feed position")
        }
        let chatrooms = Dictionary(grouping: rows.compactMap(\.view), by: \.user)
        return LookupViews.Answer(
            epoch: first.epoch, position: first.position,
            users: users.map { UserViews(id: $0, chatrooms: (chatrooms[$0] ?? []).map(\.chatroom)) })
    }
}

private struct HeadRow: PostgresRowDecodable {
    let chatroom: ChatroomID
    let seq: Seq

    init(row: PostgresRow) throws(PostgresError) {
        self.chatroom = try row.get("chatroom_id")
        self.seq = try row.get("seq")
    }
}

extension [HeadRow] {
    fileprivate var heads: [ChatroomID: Seq] {
        Dictionary(self.map { ($0.chatroom, $0.seq) }, uniquingKeysWith: { Swift.max($0, $1) })
    }
}

private struct ViewRow: PostgresRowDecodable {
    let epoch: UUID
    let position: Int64
    let view: (user: UserID, chatroom: ChatroomView)?

    init(row: PostgresRow) throws(PostgresError) {
        self.epoch = try row.get("epoch")
        self.position = try row.get("position")
        guard let user: UserID = try row.get("user_id") else {
            self.view = nil
            return
        }
        self.view = (
            user,
            ChatroomView(
                id: try row.get("chatroom_id"), head: try row.get("head"), from: try row.get("from_seq"),
                joined: try row.get("joined_seq"))
        )
    }
}
