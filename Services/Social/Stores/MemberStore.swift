import ChatAPI
import Postgres

/// Who is in a group, as what. All changes of one group's members wait for the lock on its row, so each sees the last.
struct MemberStore: Sendable {
    let postgres: Postgres
    let maxMembers: Int

    /// The members of a chatroom, in the order of their ids, for one of them.
    ///
    /// - Throws: ``SocialError/chatroomNotFound``.
    func members(
        of id: ChatroomID, for user: UserID, after cursor: UserID?, limit: Int
    ) async throws -> [MemberRecord] {
        let members: [MemberRecord] = try await self.postgres.all(
            """
            SELECT user_id, role, joined_at, muted_until, can_send FROM social.chatroom_members
            WHERE chatroom_id = \(id) AND user_id > \(cursor?.rawValue ?? 0)
                AND EXISTS (SELECT FROM social.chatroom_members WHERE chatroom_id = \(id) AND user_id = \(user))
            ORDER BY user_id LIMIT \(limit)
            """)
        // Nothing to a member means the end of the list, to anybody else that there is no such chatroom.
        if members.isEmpty { _ = try await self.role(of: user, in: id) }
        return members
    }

    /// - Throws: ``SocialError/chatroomNotFound``.
    func role(of user: UserID, in id: ChatroomID) async throws -> Role {
        let role: Role? = try await self.postgres.first(
            "SELECT role FROM social.chatroom_members WHERE chatroom_id = \(id) AND user_id = \(user)")
        guard let role else { throw SocialError.chatroomNotFound }
        return role
    }

    /// Those of `users` who are in the chatroom.
    func members(of id: ChatroomID, among users: [UserID]) async throws -> [MemberRecord] {
        try await self.postgres.all(
            """
            SELECT user_id, role, joined_at, muted_until, can_send FROM social.chatroom_members
            WHERE chatroom_id = \(id) AND user_id = ANY (\(users)) ORDER BY user_id
            """)
    }

    /// Adds `users`, friends of the one who adds: whoever calls has made sure. Who is in already stays as they are. Where
    /// the group wants to approve and the one who adds may not, they wait to be let in instead.
    ///
    /// - Returns: those of `users` who are in now.
    /// - Throws: ``SocialError/chatroomNotFound``, ``SocialError/forbidden`` (a direct one),
    ///   ``SocialError/chatroomFull``; ``SocialError/userNotFound`` where an account has ended meanwhile.
    func add(_ users: [UserID], to id: ChatroomID, by user: UserID) async throws -> Committed<[MemberRecord]> {
        try await self.postgres.change { transaction in
            try await transaction.hold(users)
            let group = try await transaction.lockGroup(id, as: user)
            let mayAdd = !group.joinApproval || group.role.managesGroup
            let added: [UserID] =
                if mayAdd {
                    try await transaction.insert(users, into: id, showsHistory: group.historyForNewMembers)
                } else { [] }
            if !mayAdd {
                let present = Set(try await transaction.members(of: id, among: users).map(\.user))
                _ = try await transaction.ask(users.filter { !present.contains($0) }, for: id, by: user)
            }
            guard group.memberCount + added.count <= self.maxMembers else { throw SocialError.chatroomFull }
            try await transaction.execute(
                "DELETE FROM social.join_requests WHERE chatroom_id = \(id) AND user_id = ANY (\(added))")
            let members = try await transaction.members(of: id, among: users)
            guard !added.isEmpty else { return members }
            try await transaction.addToMemberCount(added.count, of: id)
            try transaction.record(
                added.sorted().map {
                    .memberAdded(
                        chatroom: id, user: $0, by: user, role: .member, showsHistory: group.historyForNewMembers)
                })
            return members
        }
    }

    /// Changes another member's role, which only the owner may, or mutes them, which whoever stands above them may.
    ///
    /// - Throws: ``SocialError/chatroomNotFound``, ``SocialError/memberNotFound``, ``SocialError/forbidden``.
    func update(
        _ member: UserID, in id: ChatroomID, with update: MemberUpdate, by user: UserID
    ) async throws -> Committed<MemberRecord> {
        try await self.postgres.change { transaction in
            let group = try await transaction.lockGroup(id, as: user)
            guard group.role.managesGroup else { throw SocialError.forbidden }
            let before: MemberRecord? = try await transaction.first(
                """
                SELECT user_id, role, joined_at, muted_until, can_send FROM social.chatroom_members
                WHERE chatroom_id = \(id) AND user_id = \(member)
                """)
            guard let before else { throw SocialError.memberNotFound }
            guard group.role.isAbove(before.role), update.role == nil || group.role == .owner else {
                throw SocialError.forbidden
            }
            let changed: MemberRecord = try await transaction.one(
                """
                UPDATE social.chatroom_members SET
                    role = COALESCE(\(update.role), role),
                    muted_until = CASE WHEN \(update.mutedUntil != nil)
                        THEN \(update.mutedUntil ?? nil) ELSE muted_until END
                WHERE chatroom_id = \(id) AND user_id = \(member)
                RETURNING user_id, role, joined_at, muted_until, can_send
                """)
            if changed != before { try transaction.record([changed.change(in: id)]) }
            return changed
        }
    }

    /// Gives a group to another member; the owner before becomes an admin.
    ///
    /// - Throws: ``SocialError/chatroomNotFound``, ``SocialError/memberNotFound``, ``SocialError/forbidden``.
    func transfer(_ id: ChatroomID, to member: UserID, by user: UserID) async throws -> Committed<Void> {
        try await self.postgres.change { transaction in
            let group = try await transaction.lockGroup(id, as: user)
            guard group.role == .owner else { throw SocialError.forbidden }
            guard member != user else { return }
            try transaction.record(try await transaction.transfer(id, from: user, to: member))
        }
    }

    /// Lets oneself out of a group, or somebody who stands below.
    ///
    /// - Throws: ``SocialError/chatroomNotFound``, ``SocialError/memberNotFound``, ``SocialError/forbidden``;
    ///   ``SocialError/ownerCannotLeave``.
    func remove(_ member: UserID, from id: ChatroomID, by user: UserID) async throws -> Committed<Void> {
        try await self.postgres.change { transaction in
            let group = try await transaction.lockGroup(id, as: user)
            if member == user {
                if group.role == .owner { throw SocialError.ownerCannotLeave }
            } else {
                guard group.role.managesGroup else { throw SocialError.forbidden }
                guard group.role.isAbove(try await transaction.role(of: member, in: id)) else {
                    throw SocialError.forbidden
                }
            }
            try await transaction.execute(
                "DELETE FROM social.chatroom_members WHERE chatroom_id = \(id) AND user_id = \(member)")
            // Whoever is removed may hold any link; whoever leaves takes theirs along.
            try await transaction.execute(
                """
                DELETE FROM social.invites
                WHERE chatroom_id = \(id) AND (creator_id = \(member) OR \(member != user))
                """)
            try await transaction.addToMemberCount(-1, of: id)
            try transaction.record([.memberRemoved(chatroom: id, user: member, by: user)])
        }
    }
}

extension PostgresTransaction {
    /// Makes one owner an admin, and a member the owner; answers the rows for the change feed.
    ///
    /// - Throws: ``SocialError/memberNotFound``.
    func transfer(_ id: ChatroomID, from owner: UserID, to member: UserID) async throws -> [SocialChange] {
        _ = try await self.role(of: member, in: id)
        // First the one, then the other: there is never a second owner, not even between two statements.
        let former = try await self.setRole(.admin, of: owner, in: id)
        let next = try await self.setRole(.owner, of: member, in: id)
        try await self.execute("UPDATE social.chatrooms SET owner_id = \(member) WHERE id = \(id)")
        return [former.change(in: id), next.change(in: id)]
    }

    /// Answers those who were not in.
    fileprivate func insert(
        _ users: [UserID], into id: ChatroomID, showsHistory: Bool
    ) async throws -> [UserID] {
        try await self.all(
            """
            INSERT INTO social.chatroom_members (chatroom_id, user_id, role, shows_history)
            SELECT \(id), user_id, 'member', \(showsHistory) FROM unnest(\(users) :: bigint[]) AS user_id
            ON CONFLICT DO NOTHING RETURNING user_id
            """)
    }

    fileprivate func members(of id: ChatroomID, among users: [UserID]) async throws -> [MemberRecord] {
        try await self.all(
            """
            SELECT user_id, role, joined_at, muted_until, can_send FROM social.chatroom_members
            WHERE chatroom_id = \(id) AND user_id = ANY (\(users)) ORDER BY user_id
            """)
    }

    fileprivate func role(of member: UserID, in id: ChatroomID) async throws -> Role {
        let role: Role? = try await self.first(
            "SELECT role FROM social.chatroom_members WHERE chatroom_id = \(id) AND user_id = \(member)")
        guard let role else { throw SocialError.memberNotFound }
        return role
    }

    fileprivate func setRole(_ role: Role, of member: UserID, in id: ChatroomID) async throws -> MemberRecord {
        try await self.one(
            """
            UPDATE social.chatroom_members SET role = \(role) WHERE chatroom_id = \(id) AND user_id = \(member)
            RETURNING user_id, role, joined_at, muted_until, can_send
            """)
    }

    fileprivate func addToMemberCount(_ number: Int, of id: ChatroomID) async throws {
        try await self.execute(
            "UPDATE social.chatrooms SET member_count = member_count + \(number) WHERE id = \(id)")
    }
}

extension MemberRecord: PostgresRowDecodable {
    init(row: PostgresRow) throws(PostgresError) {
        self.init(
            user: try row.get("user_id"), role: try row.get("role"), joinedAt: try row.get("joined_at"),
            mutedUntil: try row.get("muted_until"), canSend: try row.get("can_send"))
    }
}
