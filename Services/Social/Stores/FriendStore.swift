import ChatAPI
import Postgres

/// Who is whose friend, and what they call each other.
struct FriendStore: Sendable {
    let postgres: Postgres

    /// The friends of somebody, in the order of their ids.
    func friends(of user: UserID, after cursor: UserID?, limit: Int) async throws -> [FriendRecord] {
        try await self.postgres.all(
            """
            SELECT friend.user_id, friend.since, remarks.remark, last_seen.at AS last_seen_at
            FROM (
                SELECT high_id AS user_id, since FROM social.friendships WHERE low_id = \(user)
                UNION ALL
                SELECT low_id, since FROM social.friendships WHERE high_id = \(user)
            ) AS friend
            LEFT JOIN social.remarks ON remarks.owner_id = \(user) AND remarks.friend_id = friend.user_id
            LEFT JOIN social.last_seen ON last_seen.user_id = friend.user_id
            WHERE friend.user_id > \(cursor?.rawValue ?? 0) ORDER BY friend.user_id LIMIT \(limit)
            """)
    }

    /// The ids of the first friends of somebody.
    func ids(of user: UserID, limit: Int) async throws -> [UserID] {
        try await self.postgres.all(
            """
            SELECT user_id FROM (
                SELECT high_id AS user_id FROM social.friendships WHERE low_id = \(user)
                UNION ALL
                SELECT low_id FROM social.friendships WHERE high_id = \(user)
            ) AS friend ORDER BY user_id LIMIT \(limit)
            """)
    }

    /// Those of `others` who are friends of `user`.
    func friends(of user: UserID, among others: [UserID]) async throws -> Set<UserID> {
        let found: [UserID] = try await self.postgres.all(
            """
            SELECT high_id FROM social.friendships WHERE low_id = \(user) AND high_id = ANY (\(others))
            UNION ALL
            SELECT low_id FROM social.friendships WHERE high_id = \(user) AND low_id = ANY (\(others))
            """)
        return Set(found)
    }

    /// The friends of each of `users` but for those whom a block stands between: who may see them come and go.
    func visibleFriends(of users: [UserID]) async throws -> [UserID: [UserID]] {
        let rows: [FriendshipRow] = try await self.postgres.all(
            """
            SELECT friendship.user_id, friendship.friend_id
            FROM (
                SELECT low_id AS user_id, high_id AS friend_id FROM social.friendships WHERE low_id = ANY (\(users))
                UNION ALL
                SELECT high_id, low_id FROM social.friendships WHERE high_id = ANY (\(users))
            ) AS friendship
            WHERE NOT EXISTS (
                    SELECT FROM social.blocks WHERE owner_id = friendship.user_id AND blocked_id = friendship.friend_id)
                AND NOT EXISTS (
                    SELECT FROM social.blocks WHERE owner_id = friendship.friend_id AND blocked_id = friendship.user_id)
            ORDER BY friendship.user_id, friendship.friend_id
            """)
        return Dictionary(grouping: rows, by: \.user).mapValues { $0.map(\.friend) }
    }

    /// Notes what `user` calls a friend; `nil` takes it back.
    ///
    /// - Throws: ``SocialError/friendNotFound``.
    func setRemark(_ remark: String?, of friend: UserID, by user: UserID) async throws -> FriendRecord {
        let pair = Pair(user, friend)
        // The lock keeps the friendship until the remark stands, which refers to it.
        let found: SQL = """
            WITH friend AS (
                SELECT since FROM social.friendships WHERE low_id = \(pair.low) AND high_id = \(pair.high)
                FOR KEY SHARE),
            """
        let written: SQL =
            if let remark {
                """
                 written AS (
                    INSERT INTO social.remarks (owner_id, friend_id, remark)
                    SELECT \(user), \(friend), \(remark) FROM friend
                    ON CONFLICT (owner_id, friend_id) DO UPDATE SET remark = EXCLUDED.remark)
                """
            } else {
                """
                 written AS (
                    DELETE FROM social.remarks WHERE owner_id = \(user) AND friend_id = \(friend))
                """
            }
        let kept: SQL = """
             SELECT \(friend) :: bigint AS user_id, since, \(remark) :: text AS remark,
                (SELECT at FROM social.last_seen WHERE user_id = \(friend)) AS last_seen_at
            FROM friend
            """
        guard let record: FriendRecord = try await self.postgres.first(found + written + kept) else {
            throw SocialError.friendNotFound
        }
        return record
    }

    /// Ends a friendship, from either side. Requests, and the direct chatroom with all that was said, stay as they are.
    ///
    /// - Throws: ``SocialError/friendNotFound``.
    func remove(_ friend: UserID, by user: UserID) async throws -> Committed<Void> {
        let pair = Pair(user, friend)
        return try await self.postgres.change { transaction in
            let removed = try await transaction.execute(
                "DELETE FROM social.friendships WHERE low_id = \(pair.low) AND high_id = \(pair.high)")
            guard removed > 0 else { throw SocialError.friendNotFound }
            try transaction.record([.friendRemoved(user, friend)])
        }
    }
}

extension PostgresTransaction {
    func areFriends(_ pair: Pair) async throws -> Bool {
        try await self.one(
            """
            SELECT EXISTS (SELECT FROM social.friendships WHERE low_id = \(pair.low) AND high_id = \(pair.high))
            """)
    }
}

private struct FriendshipRow: PostgresRowDecodable {
    var user: UserID
    var friend: UserID

    init(row: PostgresRow) throws(PostgresError) {
        self.user = try row.get("user_id")
        self.friend = try row.get("friend_id")
    }
}

extension FriendRecord: PostgresRowDecodable {
    init(row: PostgresRow) throws(PostgresError) {
        self.init(
            user: try row.get("user_id"), since: try row.get("since"), remark: try row.get("remark"),
            lastSeenAt: try row.get("last_seen_at"))
    }
}
