import ChatAPI
import Foundation
import Postgres

/// One chatroom's log and members, locked by its head until the transaction ends.
struct LockedLog {
    let chatroom: ChatroomID
    let transaction: PostgresTransaction

    /// Makes the head where there is none yet. The lock is a statement of its own, so that what follows sees all that
    /// was committed under it and has a later time.
    init(_ chatroom: ChatroomID, in transaction: PostgresTransaction) async throws {
        self.chatroom = chatroom
        self.transaction = transaction
        try await transaction.execute(
            """
            INSERT INTO history.chatroom_heads (chatroom_id) VALUES (\(chatroom.rawValue))
            ON CONFLICT (chatroom_id) DO NOTHING
            """)
        try await transaction.execute(
            """
            SELECT chatroom_id FROM history.chatroom_heads
            WHERE chatroom_id = \(chatroom.rawValue) FOR NO KEY UPDATE
            """)
    }

    /// A system entry does not count as unread: the ordinal stays.
    func append(_ change: StoredSystemChange) async throws -> Entry {
        try await self.transaction.one(
            """
            WITH head AS (
                UPDATE history.chatroom_heads SET seq = seq + 1 WHERE chatroom_id = \(self.chatroom.rawValue)
                RETURNING seq, ordinal
            ), e AS (
                INSERT INTO history.entries (chatroom_id, seq, ordinal, kind, body)
                SELECT \(self.chatroom.rawValue), seq, ordinal, 'system', \(try JSONText.encode(change))::text::jsonb
                FROM head
                RETURNING \(Entry.stored)
            )
            SELECT \(Entry.columns) FROM e
            """)
    }

    /// Whoever comes sees nothing of what is not kept any more.
    func admit(_ user: UserID, as role: Role, joined: Seq, from: Seq, ordinal: Int64) async throws {
        try await self.transaction.execute(
            """
            INSERT INTO history.members (chatroom_id, user_id, role, joined_seq, from_seq, from_ordinal)
            SELECT chatroom_id, \(user.rawValue), \(role), \(joined), greatest(floor_seq + 1, \(from)),
                greatest(floor_ordinal, \(ordinal))
            FROM history.chatroom_heads WHERE chatroom_id = \(self.chatroom.rawValue)
            ON CONFLICT (chatroom_id, user_id) DO UPDATE
            SET role = excluded.role, joined_seq = excluded.joined_seq, left_seq = NULL,
                from_seq = excluded.from_seq, from_ordinal = excluded.from_ordinal, can_send = true, muted_until = NULL
            """)
    }

    func dismiss(_ user: UserID, at seq: Seq) async throws {
        try await self.transaction.execute(
            """
            UPDATE history.members SET left_seq = \(seq)
            WHERE chatroom_id = \(self.chatroom.rawValue) AND user_id = \(user.rawValue) AND left_seq IS NULL
            """)
    }

    func dismissAll(at seq: Seq) async throws {
        try await self.transaction.execute(
            """
            UPDATE history.members SET left_seq = \(seq)
            WHERE chatroom_id = \(self.chatroom.rawValue) AND left_seq IS NULL
            """)
    }

    func update(_ user: UserID, _ membership: Membership) async throws {
        try await self.transaction.execute(
            """
            UPDATE history.members
            SET role = \(membership.role), can_send = \(membership.canSend),
                muted_until = \(membership.mutedUntil?.date as Date?)
            WHERE chatroom_id = \(self.chatroom.rawValue) AND user_id = \(user.rawValue)
            """)
    }

    /// Who is in the chatroom now.
    func members() async throws -> [UserID] {
        try await self.transaction.all(
            """
            SELECT user_id FROM history.members
            WHERE chatroom_id = \(self.chatroom.rawValue) AND left_seq IS NULL ORDER BY user_id
            """)
    }
}
