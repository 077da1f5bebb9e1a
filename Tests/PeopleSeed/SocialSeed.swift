package import Postgres

/// Friendships, chatrooms and members in Social's database, as if people had made them.
package struct SocialSeed: Sendable {
    package var sizes: PeopleSizes

    package init(_ sizes: PeopleSizes) { self.sizes = sizes }

    /// - Throws: ``PostgresError``, a unique violation among them where something is there already.
    package func fill(_ postgres: Postgres) async throws {
        precondition(self.sizes.problem == nil, "sizes are checked before")
        try await postgres.fill(
            [self.friendships, self.popularity, self.directs, self.directMembers, self.groups, self.groupMembers]
                + (self.sizes.chatrooms > 0 ? [Self.next] : []),
            analyzing: ["social.friendships", "social.chatrooms", "social.chatroom_members"])
    }

    private var friendships: SQL {
        """
        INSERT INTO social.friendships (low_id, high_id, since)
        SELECT least(u, f), greatest(u, f), \(Self.time("u", self.sizes.users))
        FROM generate_series(1, \(self.sizes.users)) AS u,
            LATERAL (
                SELECT 1 + (u - 1 + k * \(self.sizes.friendStride)) % \(self.sizes.users) AS f
                FROM generate_series(1, \(self.sizes.friendsEach / 2)) AS k
            ) AS friends
        ORDER BY 1, 2
        """
    }

    private var popularity: SQL {
        """
        INSERT INTO social.friendships (low_id, high_id)
        SELECT least(p, f), greatest(p, f)
        FROM generate_series(1, \(self.sizes.popular)) AS p,
            LATERAL (
                SELECT 1 + (p - 1 + \(self.sizes.popular) + 2 * k) % \(self.sizes.users) AS f
                FROM generate_series(0, \(self.sizes.friendsOfPopular) - 1) AS k
            ) AS friends
        WHERE p <> f ORDER BY 1, 2 ON CONFLICT DO NOTHING
        """
    }

    /// Of each user and the first friend above.
    private static func pair(_ u: SQL, _ sizes: PeopleSizes) -> (low: SQL, high: SQL) {
        let friend: SQL = "1 + (\(u) - 1 + \(sizes.friendStride)) % \(sizes.users)"
        return ("least(\(u), \(friend))", "greatest(\(u), \(friend))")
    }

    private var directs: SQL {
        let (low, high) = Self.pair("u", self.sizes)
        return """
            INSERT INTO social.chatrooms (id, type, name, direct_key, member_count, creator_id, created_at)
            OVERRIDING SYSTEM VALUE
            SELECT u, 'direct', '', \(low) || ':' || \(high), 2, u, \(Self.time("u", self.sizes.users))
            FROM generate_series(1, \(self.sizes.directs)) AS u
            """
    }

    private var directMembers: SQL {
        let (low, high) = Self.pair("u", self.sizes)
        return """
            INSERT INTO social.chatroom_members (chatroom_id, user_id, role)
            SELECT u, m, 'member'
            FROM generate_series(1, \(self.sizes.directs)) AS u, LATERAL (VALUES (\(low)), (\(high))) AS members (m)
            """
    }

    private var groups: SQL {
        """
        INSERT INTO social.chatrooms (id, type, name, owner_id, member_count, creator_id, created_at)
        OVERRIDING SYSTEM VALUE
        SELECT \(self.sizes.directs) + g, 'group', 'Group ' || g, 1 + (g - 1) % \(self.sizes.users),
            \(self.sizes.membersEach), 1 + (g - 1) % \(self.sizes.users), \(Self.time("g", self.sizes.groups))
        FROM generate_series(1, \(self.sizes.groups)) AS g
        """
    }

    private var groupMembers: SQL {
        """
        INSERT INTO social.chatroom_members (chatroom_id, user_id, role)
        SELECT \(self.sizes.directs) + g, 1 + (g - 1 + j * \(self.sizes.memberStride)) % \(self.sizes.users),
            CASE j WHEN 0 THEN 'owner' WHEN 1 THEN 'admin' ELSE 'member' END
        FROM generate_series(1, \(self.sizes.groups)) AS g, generate_series(0, \(self.sizes.membersEach) - 1) AS j
        """
    }

    private static let next: SQL =
        "SELECT setval(pg_get_serial_sequence('social.chatrooms', 'id'), (SELECT max(id) FROM social.chatrooms))"

    /// A year up to 2026, in the order of the numbers.
    private static func time(_ number: SQL, _ count: Int64) -> SQL {
        "'2026-01-01T00:00:00Z'::timestamptz - interval '365 days' * (1 - \(number)::float8 / \(max(1, count)))"
    }
}
