import ChatAPI
import Foundation
import Postgres

/// The chatrooms of a user as the chat list shows them.
struct ChatListStore: Sendable {
    let postgres: any PostgresQuerying

    /// The user's chatrooms, the one with the newest message first; those without a message come last.
    ///
    /// `unread` is counted by ordinals: what the head has, less what lies at or before the read cursor, or before the
    /// first entry the user may see.
    func chatrooms(of user: UserID, after cursor: ChatListCursor?, limit: Int) async throws -> [ChatListRow] {
        try await self.postgres.all(Self.chatrooms(of: user, after: cursor ?? .start, limit: limit))
    }

    static func chatrooms(of user: UserID, after: ChatListCursor, limit: Int) -> SQL {
        """
        SELECT m.chatroom_id AS listed, h.seq AS head,
            greatest(0, h.ordinal - greatest(coalesce(c.ordinal, 0), m.from_ordinal)) AS unread,
            EXISTS (
                SELECT FROM history.entries
                WHERE chatroom_id = m.chatroom_id AND seq > coalesce(c.seq, 0) AND seq >= m.from_seq
                    AND body ? 'mentions' AND body -> 'mentions' @> to_jsonb(m.user_id)
            ) AS mentioned, \(Entry.columns), \(Entry.state)
        FROM history.members AS m
        JOIN history.chatroom_heads AS h ON h.chatroom_id = m.chatroom_id
        LEFT JOIN history.read_cursors AS c ON c.chatroom_id = m.chatroom_id AND c.user_id = m.user_id
        LEFT JOIN LATERAL (
            SELECT \(Entry.stored) FROM history.entries
            WHERE chatroom_id = m.chatroom_id AND seq >= m.from_seq AND kind = 'message'
            ORDER BY seq DESC LIMIT 1
        ) AS e ON TRUE
        WHERE m.user_id = \(user.rawValue) AND m.left_seq IS NULL
            AND (coalesce(e.created_at, to_timestamp(0)), m.chatroom_id)
                < (to_timestamp(\(after.milliseconds)::float8 / 1000), \(after.chatroom))
        ORDER BY coalesce(e.created_at, to_timestamp(0)) DESC, m.chatroom_id DESC
        LIMIT \(limit)
        """
    }
}

struct ChatListRow: PostgresRowDecodable {
    let chatroom: ChatroomID
    let head: Seq
    let unread: Int64
    let mentioned: Bool
    let last: Entry?

    init(row: PostgresRow) throws(PostgresError) {
        self.chatroom = try row.get("listed")
        self.head = try row.get("head")
        self.unread = try row.get("unread")
        self.mentioned = try row.get("mentioned")
        self.last = try row.get("seq") as Seq? == nil ? nil : Entry(rowWithState: row)
    }

    var cursor: ChatListCursor {
        ChatListCursor(milliseconds: self.last?.createdAt.milliseconds ?? 0, chatroom: self.chatroom.rawValue)
    }
}
