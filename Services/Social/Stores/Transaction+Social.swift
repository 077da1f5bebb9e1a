import ChatAPI
import Postgres

/// A group that is locked until the end of the transaction, as the one who wants to change it finds it.
struct LockedGroup: Sendable {
    var memberCount: Int
    var historyForNewMembers: Bool
    var joinApproval: Bool
    /// The role of the one who wants to change it.
    var role: Role
}

extension Postgres {
    /// Runs a transaction that changes something, and tells where in the change feed it stands.
    func change<Value: Sendable>(
        isolation: isolated (any Actor)? = #isolation, _ body: (PostgresTransaction) async throws -> Value
    ) async throws -> Committed<Value> {
        let (value, position) = try await self.recordingTransaction(isolation: isolation, body)
        return Committed(value: value, position: position)
    }
}

extension ChangeFeed {
    static let social = ChangeFeed(schema: "social")
}

extension PostgresTransaction {
    /// Adds rows to the change feed, which are written together with COMMIT. For the end of a transaction.
    func record(_ changes: [SocialChange]) throws(PostgresError) {
        guard !changes.isEmpty else { return }
        try self.record(changes.map { change throws(PostgresError) in try JSON(encoding: change) }, in: .social)
    }

    /// Locks two people until the end of the transaction, always in the same order.
    ///
    /// - Throws: ``SocialError/userNotFound`` where one of them has no account any more.
    func lock(_ pair: Pair) async throws {
        try await self.execute(
            """
            INSERT INTO social.people (user_id) VALUES (\(pair.low)), (\(pair.high)) ON CONFLICT DO NOTHING
            """)
        let gone: [Bool] = try await self.all(
            """
            SELECT deleted_at IS NOT NULL FROM social.people WHERE user_id IN (\(pair.low), \(pair.high))
            ORDER BY user_id FOR UPDATE
            """)
        if gone.contains(true) { throw SocialError.userNotFound }
    }

    /// Keeps accounts from ending until the end of the transaction. Before any group is locked, as an account that ends
    /// locks its groups after itself.
    ///
    /// - Throws: ``SocialError/userNotFound`` where one of them has no account any more.
    func hold(_ users: [UserID]) async throws {
        try await self.execute(
            """
            INSERT INTO social.people (user_id) SELECT id FROM unnest(\(users) :: bigint[]) AS id ORDER BY id
            ON CONFLICT DO NOTHING
            """)
        let gone: [Bool] = try await self.all(
            """
            SELECT deleted_at IS NOT NULL FROM social.people WHERE user_id = ANY (\(users))
            ORDER BY user_id FOR SHARE
            """)
        if gone.contains(true) { throw SocialError.userNotFound }
    }

    /// Locks one person until the end of the transaction; before any group.
    ///
    /// - Throws: ``SocialError/userNotFound`` where they have no account any more.
    func lock(_ user: UserID) async throws {
        try await self.execute("INSERT INTO social.people (user_id) VALUES (\(user)) ON CONFLICT DO NOTHING")
        let isGone: Bool? = try await self.first(
            "SELECT deleted_at IS NOT NULL FROM social.people WHERE user_id = \(user) FOR UPDATE")
        if isGone == true { throw SocialError.userNotFound }
    }

    /// Locks a group until the end of the transaction, then looks who asks: in one statement the role would be as old
    /// as the wait for the lock.
    ///
    /// - Throws: ``SocialError/chatroomNotFound`` to whoever is no member, ``SocialError/forbidden`` if it is direct.
    func lockGroup(_ id: ChatroomID, as user: UserID) async throws -> LockedGroup {
        let type: ChatroomType? = try await self.first(
            "SELECT type FROM social.chatrooms WHERE id = \(id) FOR UPDATE")
        guard let type else { throw SocialError.chatroomNotFound }
        let group: LockedGroup? = try await self.first(
            """
            SELECT c.member_count, c.history_for_new_members, c.join_approval, m.role
            FROM social.chatrooms AS c JOIN social.chatroom_members AS m ON m.chatroom_id = c.id
            WHERE c.id = \(id) AND m.user_id = \(user)
            """)
        guard let group else { throw SocialError.chatroomNotFound }
        guard type == .group else { throw SocialError.forbidden }
        return group
    }
}

extension LockedGroup: PostgresRowDecodable {
    init(row: PostgresRow) throws(PostgresError) {
        self.init(
            memberCount: try row.get("member_count"), historyForNewMembers: try row.get("history_for_new_members"),
            joinApproval: try row.get("join_approval"), role: try row.get("role"))
    }
}
