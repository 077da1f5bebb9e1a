import ChatAPI
import Foundation
import Postgres

/// The chatrooms. For whoever is not a member, a chatroom does not exist.
struct ChatroomStore: Sendable {
    let postgres: Postgres
    let maxMembers: Int

    /// The chatrooms of somebody, in the order of their ids.
    func chatrooms(of user: UserID, after cursor: ChatroomID?, limit: Int) async throws -> [ChatroomRecord] {
        let page: SQL = "WHERE m.user_id = \(user) AND m.chatroom_id > \(cursor?.rawValue ?? 0) "
        return try await self.postgres.all(Self.seen + page + "ORDER BY m.chatroom_id LIMIT \(limit)")
    }

    /// - Throws: ``SocialError/chatroomNotFound``.
    func chatroom(_ id: ChatroomID, for user: UserID) async throws -> ChatroomRecord {
        let one: SQL = "WHERE m.user_id = \(user) AND m.chatroom_id = \(id)"
        guard let record: ChatroomRecord = try await self.postgres.first(Self.seen + one) else {
            throw SocialError.chatroomNotFound
        }
        return record
    }

    /// The direct chatroom with a friend, made if there is none.
    ///
    /// Everybody looks for it first, without locks; those who do not find it make it one after the other, and only the
    /// first makes anything. The unique key would stop a second one in any case.
    /// - Throws: ``SocialError/friendNotFound``; ``SocialError/forbidden`` where a new one is stopped by a block.
    func direct(of user: UserID, with friend: UserID) async throws -> Committed<ChatroomRecord> {
        let pair = Pair(user, friend)
        let key: SQL = "WHERE m.user_id = \(user) AND c.direct_key = \(pair.directKey)"
        let friends: SQL = """
             AND EXISTS (SELECT FROM social.friendships WHERE low_id = \(pair.low) AND high_id = \(pair.high))
            """
        if let there: ChatroomRecord = try await self.postgres.first(Self.seen + key + friends) {
            return try await self.settled(there)
        }
        let made = try await self.postgres.change { transaction in
            try await transaction.lock(pair)
            guard try await transaction.areFriends(pair) else { throw SocialError.friendNotFound }
            if let there: ChatroomRecord = try await transaction.first(Self.seen + key) { return there }
            if try await transaction.isBlocked(pair) { throw SocialError.forbidden }
            let id: ChatroomID = try await transaction.one(
                """
                INSERT INTO social.chatrooms (type, name, direct_key, member_count, creator_id)
                VALUES ('direct', '', \(pair.directKey), 2, \(user)) RETURNING id
                """)
            try await transaction.execute(
                """
                INSERT INTO social.chatroom_members (chatroom_id, user_id, role, shows_history)
                VALUES (\(id), \(pair.low), 'member', true), (\(id), \(pair.high), 'member', true)
                """)
            try transaction.record([.directCreated(chatroom: id, members: [pair.low, pair.high])])
            return try await transaction.one(Self.seen + key)
        }
        return made.position == nil ? try await self.settled(made.value) : made
    }

    /// A chatroom that was there, with a position to wait for if somebody has made it only just now: who finds it is to
    /// find it everywhere.
    private func settled(_ chatroom: ChatroomRecord) async throws -> Committed<ChatroomRecord> {
        guard Timestamp.now.milliseconds - chatroom.createdAt.milliseconds < 10_000 else {
            return Committed(value: chatroom)
        }
        let position: Int64 = try await self.postgres.one("SELECT position FROM social.change_heads")
        return Committed(value: chatroom, position: position)
    }

    /// Makes a group of its owner and the `members`, who are the owner's friends: whoever calls has made sure.
    ///
    /// - Parameter key: the caller's `Idempotency-Key`; what was made under it before is answered again.
    /// - Throws: ``SocialError/chatroomFull``; ``SocialError/userNotFound`` where an account has ended meanwhile.
    func create(
        name: String, owner: UserID, members: [UserID], key: UUID? = nil
    ) async throws -> Committed<ChatroomRecord> {
        guard members.count < self.maxMembers else { throw SocialError.chatroomFull }
        do {
            return try await self.postgres.change { transaction in
                try await transaction.hold([owner] + members)
                let id: ChatroomID = try await transaction.one(
                    """
                    INSERT INTO social.chatrooms (type, name, owner_id, member_count, creator_id, creation_key)
                    VALUES ('group', \(name), \(owner), \(members.count + 1), \(owner), \(key)) RETURNING id
                    """)
                try await transaction.execute(
                    """
                    INSERT INTO social.chatroom_members (chatroom_id, user_id, role, shows_history)
                    VALUES (\(id), \(owner), 'owner', true)
                    """)
                try await transaction.execute(
                    """
                    INSERT INTO social.chatroom_members (chatroom_id, user_id, role, shows_history)
                    SELECT \(id), user_id, 'member', true FROM unnest(\(members) :: bigint[]) AS user_id
                    """)
                let made: ChatroomRecord = try await transaction.one(
                    Self.seen + "WHERE m.user_id = \(owner) AND m.chatroom_id = \(id)")
                let changes =
                    [SocialChange.groupCreated(chatroom: id, name: name, owner: owner)]
                    + members.map {
                        .memberAdded(chatroom: id, user: $0, by: owner, role: .member, showsHistory: true)
                    }
                try transaction.record(changes)
                return made
            }
        } catch let error as PostgresError where error.violates("chatrooms_creator_id_creation_key_key") {
            let made: ChatroomRecord? = try await self.postgres.first(
                Self.seen + "WHERE m.user_id = \(owner) AND c.creator_id = \(owner) AND c.creation_key = \(key)")
            // Made under this key, and left or dissolved since.
            guard let made else { throw SocialError.chatroomNotFound }
            return try await self.settled(made)
        }
    }

    /// Changes what is given of a group; whoever does must manage it.
    ///
    /// - Throws: ``SocialError/chatroomNotFound``, ``SocialError/forbidden``.
    func update(_ id: ChatroomID, with update: ChatroomUpdate, by user: UserID) async throws -> Committed<
        ChatroomRecord
    > {
        try await self.postgres.change { transaction in
            let group = try await transaction.lockGroup(id, as: user)
            guard group.role.managesGroup else { throw SocialError.forbidden }
            let one: SQL = "WHERE m.user_id = \(user) AND m.chatroom_id = \(id)"
            let before: ChatroomRecord = try await transaction.one(Self.seen + one)
            try await transaction.execute(
                """
                UPDATE social.chatrooms SET
                    name = COALESCE(\(update.name), name),
                    announcement = COALESCE(\(update.announcement), announcement),
                    avatar = CASE WHEN \(update.avatar != nil) THEN \(update.avatar ?? nil) ELSE avatar END,
                    history_for_new_members = COALESCE(\(update.historyForNewMembers), history_for_new_members),
                    join_approval = COALESCE(\(update.joinApproval), join_approval)
                WHERE id = \(id)
                """)
            let changed: ChatroomRecord = try await transaction.one(Self.seen + one)
            if changed != before {
                let newName = changed.name == before.name ? nil : changed.name
                try transaction.record([.chatroomUpdated(chatroom: id, name: newName, by: user)])
            }
            return changed
        }
    }

    /// Ends a group for all: nobody is a member any more.
    ///
    /// - Throws: ``SocialError/chatroomNotFound``, ``SocialError/forbidden`` for all but the owner.
    func dissolve(_ id: ChatroomID, by user: UserID) async throws -> Committed<Void> {
        try await self.postgres.change { transaction in
            let group = try await transaction.lockGroup(id, as: user)
            guard group.role == .owner else { throw SocialError.forbidden }
            try transaction.record(try await transaction.dissolve(id, by: user))
        }
    }

    /// Notes what a member has set for themself; the feed takes it to their other devices, and to nobody else.
    ///
    /// - Throws: ``SocialError/chatroomNotFound``.
    func setSettings(
        _ settings: SettingsUpdate, of id: ChatroomID, for user: UserID
    ) async throws -> Committed<ChatroomSettings> {
        let before: SQL = """
            SELECT notify, pinned, hidden FROM social.chatroom_members
            WHERE chatroom_id = \(id) AND user_id = \(user) FOR NO KEY UPDATE
            """
        let sql: SQL = """
            UPDATE social.chatroom_members SET
                notify = COALESCE(\(settings.notify), notify),
                pinned = COALESCE(\(settings.pinned), pinned),
                hidden = COALESCE(\(settings.hidden), hidden)
            WHERE chatroom_id = \(id) AND user_id = \(user)
            RETURNING notify, pinned, hidden
            """
        return try await self.postgres.change { transaction in
            guard let before: ChatroomSettings = try await transaction.first(before) else {
                throw SocialError.chatroomNotFound
            }
            let kept: ChatroomSettings = try await transaction.one(sql)
            if kept != before {
                try transaction.record([.settingsChanged(chatroom: id, user: user, settings: kept)])
            }
            return kept
        }
    }

    /// Chatrooms `c` as their members `m` see them.
    private static var seen: SQL {
        """
        SELECT c.id, c.type, c.name, c.avatar, c.announcement, c.history_for_new_members, c.join_approval, c.member_count,
            c.created_at,
            CASE WHEN c.type = 'direct' THEN (
                SELECT other.user_id FROM social.chatroom_members AS other
                WHERE other.chatroom_id = c.id AND other.user_id <> m.user_id) END AS peer_id,
            m.role, m.notify, m.pinned, m.hidden
        FROM social.chatroom_members AS m JOIN social.chatrooms AS c ON c.id = m.chatroom_id

        """
    }
}

extension PostgresTransaction {
    /// Ends a group that is locked, its links and who waits for it; answers the rows for the change feed.
    func dissolve(_ id: ChatroomID, by user: UserID) async throws -> [SocialChange] {
        try await self.execute("DELETE FROM social.chatroom_members WHERE chatroom_id = \(id)")
        try await self.execute("DELETE FROM social.invites WHERE chatroom_id = \(id)")
        try await self.execute("DELETE FROM social.join_requests WHERE chatroom_id = \(id)")
        try await self.execute(
            "UPDATE social.chatrooms SET dissolved_at = clock_timestamp(), member_count = 0 WHERE id = \(id)")
        return [.chatroomDissolved(chatroom: id, by: user)]
    }
}

extension ChatroomRecord: PostgresRowDecodable {
    init(row: PostgresRow) throws(PostgresError) {
        self.init(
            id: try row.get("id"), type: try row.get("type"), name: try row.get("name"),
            avatar: try row.get("avatar"), announcement: try row.get("announcement"),
            historyForNewMembers: try row.get("history_for_new_members"),
            joinApproval: try row.get("join_approval"), memberCount: try row.get("member_count"),
            createdAt: try row.get("created_at"), peer: try row.get("peer_id"), role: try row.get("role"),
            settings: try ChatroomSettings(row: row))
    }
}

extension ChatroomSettings: PostgresRowDecodable {
    package init(row: PostgresRow) throws(PostgresError) {
        self.init(notify: try row.get("notify"), pinned: try row.get("pinned"), hidden: try row.get("hidden"))
    }
}
