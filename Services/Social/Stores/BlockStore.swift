import ChatAPI
import Postgres

/// Who wants nothing to do with whom.
struct BlockStore: Sendable {
    let postgres: Postgres

    /// Those somebody has blocked, in the order of their ids.
    func blocks(of owner: UserID, after cursor: UserID?, limit: Int) async throws -> [BlockRecord] {
        try await self.postgres.all(
            """
            SELECT blocked_id, since FROM social.blocks
            WHERE owner_id = \(owner) AND blocked_id > \(cursor?.rawValue ?? 0) ORDER BY blocked_id LIMIT \(limit)
            """)
    }

    /// Blocks somebody: the pending request between the two ends, and in their direct chatroom neither may send.
    func block(_ blocked: UserID, by owner: UserID) async throws -> Committed<BlockRecord> {
        let pair = Pair(owner, blocked)
        return try await self.postgres.change { transaction in
            try await transaction.lock(pair)
            let block: SQL = """
                INSERT INTO social.blocks (owner_id, blocked_id) VALUES (\(owner), \(blocked)) ON CONFLICT DO NOTHING
                RETURNING blocked_id, since
                """
            guard let made: BlockRecord = try await transaction.first(block) else {
                return try await transaction.one(
                    """
                    SELECT blocked_id, since FROM social.blocks
                    WHERE owner_id = \(owner) AND blocked_id = \(blocked)
                    """)
            }
            let ended: [FriendRequestRecord] = try await transaction.all(
                """
                UPDATE social.friend_requests
                SET status = CASE WHEN from_id = \(owner) THEN 'cancelled' ELSE 'rejected' END,
                    settled_at = clock_timestamp()
                WHERE LEAST(from_id, to_id) = \(pair.low) AND GREATEST(from_id, to_id) = \(pair.high)
                    AND status = 'pending'
                RETURNING id, from_id, to_id, reason, status, created_at
                """)
            // Nor does either put the other in line for a group.
            try await transaction.execute(
                """
                DELETE FROM social.join_requests
                WHERE user_id = \(owner) AND invited_by = \(blocked) OR user_id = \(blocked) AND invited_by = \(owner)
                """)
            let silenced = try await transaction.setCanSend(false, between: pair)
            try transaction.record(ended.map(\.change) + silenced)
            try await transaction.changeSight(of: pair, canSee: false)
            return made
        }
    }

    /// Takes a block back. They may talk again, unless the other has blocked the owner too.
    ///
    /// - Throws: ``SocialError/blockNotFound``.
    func unblock(_ blocked: UserID, by owner: UserID) async throws -> Committed<Void> {
        let pair = Pair(owner, blocked)
        return try await self.postgres.change { transaction in
            try await transaction.lock(pair)
            let removed = try await transaction.execute(
                "DELETE FROM social.blocks WHERE owner_id = \(owner) AND blocked_id = \(blocked)")
            guard removed > 0 else { throw SocialError.blockNotFound }
            if try await transaction.isBlocked(pair) { return }
            try transaction.record(try await transaction.setCanSend(true, between: pair))
            try await transaction.changeSight(of: pair, canSee: true)
        }
    }

    /// Those of `others` who have blocked `user` or whom `user` has blocked.
    func blocked(between user: UserID, and others: [UserID]) async throws -> Set<UserID> {
        let found: [UserID] = try await self.postgres.all(
            """
            SELECT blocked_id FROM social.blocks WHERE owner_id = \(user) AND blocked_id = ANY (\(others))
            UNION
            SELECT owner_id FROM social.blocks WHERE blocked_id = \(user) AND owner_id = ANY (\(others))
            """)
        return Set(found)
    }
}

extension PostgresTransaction {
    /// Whether either of the two has blocked the other.
    func isBlocked(_ pair: Pair) async throws -> Bool {
        try await self.one(
            """
            SELECT EXISTS (SELECT FROM social.blocks
            WHERE (owner_id, blocked_id) IN ((\(pair.low), \(pair.high)), (\(pair.high), \(pair.low))))
            """)
    }

    /// Tells that two friends see each other no more, or again; strangers never have.
    fileprivate func changeSight(of pair: Pair, canSee: Bool) async throws {
        guard try await self.areFriends(pair) else { return }
        try self.record([.sightChanged(pair.low, pair.high, canSee: canSee)])
    }

    /// Lets both of a direct chatroom send, or neither; answers the rows for the change feed.
    fileprivate func setCanSend(_ canSend: Bool, between pair: Pair) async throws -> [SocialChange] {
        let chatroom: ChatroomID? = try await self.first(
            "SELECT id FROM social.chatrooms WHERE direct_key = \(pair.directKey)")
        guard let chatroom else { return [] }
        let members: [MemberRecord] = try await self.all(
            """
            UPDATE social.chatroom_members SET can_send = \(canSend)
            WHERE chatroom_id = \(chatroom) AND can_send <> \(canSend)
            RETURNING user_id, role, joined_at, muted_until, can_send
            """)
        return members.map { $0.change(in: chatroom) }
    }
}

extension BlockRecord: PostgresRowDecodable {
    init(row: PostgresRow) throws(PostgresError) {
        self.init(user: try row.get("blocked_id"), since: try row.get("since"))
    }
}
