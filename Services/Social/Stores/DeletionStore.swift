import ChatAPI
import Foundation
import Postgres
import ServiceKit

/// What becomes of somebody's friendships and chatrooms when their account is gone, and how far Auth's feed was followed
/// for that.
struct DeletionStore: Sendable {
    let postgres: Postgres

    /// - Returns: `nil` before the first time.
    func position() async throws -> FeedPosition? {
        let row: (UUID, Int64)? = try await self.postgres.first("SELECT epoch, position FROM social.auth_feed")
        return row.map { FeedPosition(epoch: $0.0, position: $0.1) }
    }

    /// Follows the feed from a place on, unless it is followed from further on already.
    func follow(from position: FeedPosition) async throws {
        try await self.postgres.execute(
            """
            INSERT INTO social.auth_feed (epoch, position) VALUES (\(position.epoch), \(position.position))
            ON CONFLICT (one) DO UPDATE SET epoch = excluded.epoch, position = excluded.position
            WHERE auth_feed.epoch <> excluded.epoch OR auth_feed.position < excluded.position
            """)
    }

    /// Those of `users` who are not known to be gone.
    func unknown(among users: [UserID]) async throws -> [UserID] {
        let known: [UserID] = try await self.postgres.all(
            "SELECT user_id FROM social.people WHERE user_id = ANY (\(users)) AND deleted_at IS NOT NULL")
        return Array(Set(users).subtracting(known)).sorted()
    }

    func advance(to position: Int64) async throws {
        try await self.postgres.execute(
            "UPDATE social.auth_feed SET position = \(position) WHERE position < \(position)")
    }

    /// Ends all that somebody has with others. Their groups go to the one who has managed them longest, or else has been in
    /// them longest; an empty one is dissolved. A direct chatroom stays for the other to read. Once more: nothing.
    func remove(_ user: UserID) async throws -> Committed<Void> {
        try await self.postgres.change { transaction in
            try await transaction.execute(
                """
                INSERT INTO social.people (user_id, deleted_at) VALUES (\(user), clock_timestamp())
                ON CONFLICT (user_id) DO UPDATE SET deleted_at = coalesce(people.deleted_at, excluded.deleted_at)
                """)
            // Requests first: one that is agreed to at this moment has made a friendship when the next statement looks.
            var changes = try await transaction.endRequests(of: user)
            changes += try await transaction.endFriendships(of: user)
            try await transaction.execute(
                "DELETE FROM social.blocks WHERE owner_id = \(user) OR blocked_id = \(user)")
            try await transaction.execute("DELETE FROM social.join_requests WHERE user_id = \(user)")
            try await transaction.execute("DELETE FROM social.last_seen WHERE user_id = \(user)")
            changes += try await transaction.silenceDirect(of: user)
            let groups: [ChatroomID] = try await transaction.all(
                """
                SELECT c.id FROM social.chatrooms AS c JOIN social.chatroom_members AS m ON m.chatroom_id = c.id
                WHERE m.user_id = \(user) AND c.type = 'group' ORDER BY c.id
                """)
            for group in groups { changes += try await transaction.leave(group, user) }
            try transaction.record(changes)
        }
    }
}

extension PostgresTransaction {
    fileprivate func endRequests(of user: UserID) async throws -> [SocialChange] {
        let ended: [FriendRequestRecord] = try await self.all(
            """
            UPDATE social.friend_requests
            SET status = CASE WHEN from_id = \(user) THEN 'cancelled' ELSE 'rejected' END,
                settled_at = clock_timestamp()
            WHERE (from_id = \(user) OR to_id = \(user)) AND status = 'pending'
            RETURNING id, from_id, to_id, reason, status, created_at
            """)
        return ended.map(\.change)
    }

    fileprivate func endFriendships(of user: UserID) async throws -> [SocialChange] {
        let friends: [UserID] = try await self.all(
            """
            DELETE FROM social.friendships WHERE low_id = \(user) OR high_id = \(user)
            RETURNING CASE WHEN low_id = \(user) THEN high_id ELSE low_id END
            """)
        return friends.sorted().map { .friendRemoved(user, $0) }
    }

    fileprivate func silenceDirect(of user: UserID) async throws -> [SocialChange] {
        let silenced: [(ChatroomID, UserID, Role, Timestamp?)] = try await self.all(
            """
            UPDATE social.chatroom_members AS m SET can_send = false
            FROM social.chatrooms AS c, social.chatroom_members AS own
            WHERE own.user_id = \(user) AND c.id = own.chatroom_id AND c.type = 'direct' AND m.chatroom_id = c.id
                AND m.can_send
            RETURNING m.chatroom_id, m.user_id, m.role, m.muted_until
            """)
        return silenced.map { id, member, role, mutedUntil in
            .memberUpdated(
                chatroom: id, membership: Membership(id: id, role: role, mutedUntil: mutedUntil, canSend: false),
                user: member)
        }
    }

    /// Lets somebody out of a group, the owner too.
    fileprivate func leave(_ id: ChatroomID, _ user: UserID) async throws -> [SocialChange] {
        try await self.execute("SELECT FROM social.chatrooms WHERE id = \(id) FOR UPDATE")
        let role: Role? = try await self.first(
            """
            DELETE FROM social.chatroom_members WHERE chatroom_id = \(id) AND user_id = \(user) RETURNING role
            """)
        guard let role else { return [] }
        try await self.execute("UPDATE social.chatrooms SET member_count = member_count - 1 WHERE id = \(id)")
        let left = SocialChange.memberRemoved(chatroom: id, user: user, by: user)
        guard role == .owner else { return [left] }
        let heir: MemberRecord? = try await self.first(
            """
            UPDATE social.chatroom_members SET role = 'owner'
            WHERE chatroom_id = \(id) AND user_id = (
                SELECT user_id FROM social.chatroom_members WHERE chatroom_id = \(id)
                ORDER BY role <> 'admin', joined_at, user_id LIMIT 1)
            RETURNING user_id, role, joined_at, muted_until, can_send
            """)
        guard let heir else {
            try await self.execute("UPDATE social.chatrooms SET dissolved_at = clock_timestamp() WHERE id = \(id)")
            return [.chatroomDissolved(chatroom: id, by: user)]
        }
        try await self.execute("UPDATE social.chatrooms SET owner_id = \(heir.user) WHERE id = \(id)")
        return [heir.change(in: id), left]
    }
}
