import ChatAPI
import Postgres

/// What operators do to groups, who are no members, and the audit of it.
struct OperatorStore: Sendable {
    let postgres: Postgres

    /// A group as operators see it.
    struct Group: Codable, Hashable, Sendable {
        struct Member: Codable, Hashable, Sendable {
            var userId: UserID
            var role: Role
            var joinedAt: Timestamp
        }

        var id: ChatroomID
        var name: String
        var ownerId: UserID
        var createdAt: Timestamp
        var members: [Member]
    }

    /// - Throws: ``SocialError/chatroomNotFound`` also for a direct one, and one that was dissolved.
    func group(_ id: ChatroomID) async throws -> Group {
        let group: (String, UserID, Timestamp)? = try await self.postgres.first(
            """
            SELECT name, owner_id, created_at FROM social.chatrooms
            WHERE id = \(id) AND type = 'group' AND dissolved_at IS NULL
            """)
        guard let (name, owner, createdAt) = group else { throw SocialError.chatroomNotFound }
        let members: [(UserID, Role, Timestamp)] = try await self.postgres.all(
            """
            SELECT user_id, role, joined_at FROM social.chatroom_members WHERE chatroom_id = \(id) ORDER BY user_id
            """)
        return Group(
            id: id, name: name, ownerId: owner, createdAt: createdAt,
            members: members.map { Group.Member(userId: $0.0, role: $0.1, joinedAt: $0.2) })
    }

    /// Gives a group to one of its members; the owner before becomes an admin.
    ///
    /// - Throws: ``SocialError/chatroomNotFound``, ``SocialError/memberNotFound``.
    func transfer(_ id: ChatroomID, to member: UserID, by name: String) async throws -> Committed<Void> {
        try await self.postgres.change { transaction in
            let owner = try await Self.lock(id, in: transaction)
            guard owner != member else { return }
            try transaction.record(try await transaction.transfer(id, from: owner, to: member))
            try await transaction.execute(
                AuditEntry(operator: name, action: .groupTransferred, user: member, chatroom: id).insertion)
        }
    }

    /// Ends a group for all, in its owner's name.
    ///
    /// - Throws: ``SocialError/chatroomNotFound``.
    func dissolve(_ id: ChatroomID, by name: String) async throws -> Committed<Void> {
        try await self.postgres.change { transaction in
            let owner = try await Self.lock(id, in: transaction)
            try transaction.record(try await transaction.dissolve(id, by: owner))
            try await transaction.execute(
                AuditEntry(operator: name, action: .groupDissolved, user: owner, chatroom: id).insertion)
        }
    }

    /// What operators did, the newest first.
    func audit(before cursor: Int64?, limit: Int) async throws -> [AuditRecord] {
        try await self.postgres.all(
            """
            SELECT id, at, operator, action, user_id, chatroom_id, report_id, note FROM social.audit
            WHERE id < \(cursor ?? Int64.max) ORDER BY id DESC LIMIT \(limit)
            """)
    }

    /// - Returns: the owner.
    private static func lock(_ id: ChatroomID, in transaction: PostgresTransaction) async throws -> UserID {
        let owner: UserID? = try await transaction.first(
            """
            SELECT owner_id FROM social.chatrooms
            WHERE id = \(id) AND type = 'group' AND dissolved_at IS NULL FOR UPDATE
            """)
        guard let owner else { throw SocialError.chatroomNotFound }
        return owner
    }
}
