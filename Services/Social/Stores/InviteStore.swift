import ChatAPI
import Foundation
import Postgres
import ServiceKit

/// Links into groups, and who waits to be let in. All changes of one group wait for the lock on its row.
struct InviteStore: Sendable {
    let postgres: Postgres
    let maxMembers: Int
    /// Links of one group that hold at a time.
    let maxInvites: Int

    /// What became of somebody who has followed a link.
    enum Outcome: Hashable, Sendable {
        case member(ChatroomID)
        /// An owner or admin has to let them in.
        case waiting(ChatroomID)

        var chatroom: ChatroomID {
            switch self {
            case .member(let id), .waiting(let id): id
            }
        }
    }

    /// Makes a link; any member of a group may.
    ///
    /// - Parameter key: the caller's `Idempotency-Key`; what was made under it before is answered again.
    /// - Throws: ``SocialError/chatroomNotFound``, ``SocialError/forbidden`` (a direct one),
    ///   ``SocialError/tooManyInvites``.
    func create(_ invite: Invite, for id: ChatroomID, by user: UserID, key: UUID? = nil) async throws -> Invite {
        try await self.postgres.transaction { transaction in
            _ = try await transaction.lockGroup(id, as: user)
            if let key {
                let made: (ChatroomID, String, Timestamp, Int?)? = try await transaction.first(
                    """
                    SELECT chatroom_id, code, expires_at, uses_left FROM social.invites
                    WHERE creator_id = \(user) AND creation_key = \(key)
                    """)
                if let (other, code, expiresAt, usesLeft) = made {
                    guard other == id else {
                        throw RequestError.invalid("Idempotency-Key", "was used for something else")
                    }
                    return Invite(code: code, expiresAt: expiresAt, maxUses: usesLeft)
                }
            }
            try await transaction.execute(
                """
                DELETE FROM social.invites
                WHERE chatroom_id = \(id) AND (expires_at <= clock_timestamp() OR uses_left = 0)
                """)
            let count: Int = try await transaction.one(
                "SELECT count(*) FROM social.invites WHERE chatroom_id = \(id)")
            guard count < self.maxInvites else { throw SocialError.tooManyInvites }
            try await transaction.execute(
                """
                INSERT INTO social.invites (code, chatroom_id, creator_id, expires_at, uses_left, creation_key)
                VALUES (\(invite.code), \(id), \(user), \(invite.expiresAt), \(invite.maxUses), \(key))
                """)
            return invite
        }
    }

    /// Lets somebody in by a link, or in line where the group wants to approve. Who is in already uses nothing up.
    ///
    /// - Parameter key: the caller's `Idempotency-Key`; where it led before it leads again, while they are there.
    /// - Throws: ``SocialError/inviteNotFound`` for one that holds no longer; ``SocialError/chatroomFull``.
    func follow(_ code: String, by user: UserID, key: UUID? = nil) async throws -> Committed<Outcome> {
        try await self.postgres.change { transaction in
            // One call of somebody at a time: of two under one key the second finds where the first led.
            try await transaction.lock(user)
            if let key, let led = try await transaction.followed(under: key, by: user) { return led }
            let outcome = try await self.follow(code, by: user, in: transaction)
            if let key {
                try await transaction.execute(
                    """
                    INSERT INTO social.followed_invites (user_id, creation_key, chatroom_id)
                    VALUES (\(user), \(key), \(outcome.chatroom)) ON CONFLICT DO NOTHING
                    """)
            }
            return outcome
        }
    }

    private func follow(
        _ code: String, by user: UserID, in transaction: PostgresTransaction
    ) async throws -> Outcome {
        let link: (ChatroomID, UserID)? = try await transaction.first(
            """
            SELECT i.chatroom_id, i.creator_id
            FROM social.invites AS i JOIN social.chatrooms AS c ON c.id = i.chatroom_id
            WHERE i.code = \(code) FOR UPDATE OF c
            """)
        guard let (id, creator) = link else { throw SocialError.inviteNotFound }
        // Once more under the lock: the last use may have been somebody else's.
        let group: InvitedGroup? = try await transaction.first(
            """
            SELECT c.member_count, c.history_for_new_members, c.join_approval,
                EXISTS (SELECT FROM social.chatroom_members
                    WHERE chatroom_id = c.id AND user_id = \(user)) AS is_member,
                i.expires_at > clock_timestamp() AND i.uses_left IS DISTINCT FROM 0
                    AND EXISTS (SELECT FROM social.chatroom_members
                        WHERE chatroom_id = c.id AND user_id = \(creator)) AS holds
            FROM social.invites AS i JOIN social.chatrooms AS c ON c.id = i.chatroom_id
            WHERE i.code = \(code)
            """)
        if group?.isMember == true { return .member(id) }
        guard let group, group.holds else { throw SocialError.inviteNotFound }
        let use: SQL = "UPDATE social.invites SET uses_left = uses_left - 1 WHERE code = \(code)"
        if group.joinApproval {
            let waits = try await transaction.ask([user], for: id, by: creator)
            if waits > 0 { try await transaction.execute(use) }
            return .waiting(id)
        }
        guard group.memberCount < self.maxMembers else { throw SocialError.chatroomFull }
        try await transaction.execute(use)
        try await transaction.enter(user, id, by: user, showsHistory: group.showsHistory)
        return .member(id)
    }

    /// Who waits, the longest first, for an owner or admin.
    ///
    /// - Throws: ``SocialError/chatroomNotFound``, ``SocialError/forbidden``.
    func waiting(
        for id: ChatroomID, seenBy user: UserID, after cursor: JoinRequestCursor?, limit: Int
    ) async throws -> [JoinRequestRecord] {
        let role: Role? = try await self.postgres.first(
            "SELECT role FROM social.chatroom_members WHERE chatroom_id = \(id) AND user_id = \(user)")
        guard let role else { throw SocialError.chatroomNotFound }
        guard role.managesGroup else { throw SocialError.forbidden }
        return try await self.postgres.all(
            """
            SELECT user_id, invited_by, created_at, place FROM social.join_requests,
                LATERAL (SELECT (extract(epoch FROM created_at) * 1000000) :: bigint AS place) AS p
            WHERE chatroom_id = \(id) AND (place, user_id) > (\(cursor?.microseconds ?? 0), \(cursor?.user.rawValue ?? 0))
            ORDER BY place, user_id LIMIT \(limit)
            """)
    }

    /// Lets in who waits, or sends them away.
    ///
    /// - Throws: ``SocialError/chatroomNotFound``, ``SocialError/forbidden``, ``SocialError/joinRequestNotFound``,
    ///   ``SocialError/chatroomFull``.
    func settle(_ asker: UserID, in id: ChatroomID, letsIn: Bool, by user: UserID) async throws -> Committed<Void> {
        try await self.postgres.change { transaction in
            try await transaction.hold([asker])
            let group = try await transaction.lockGroup(id, as: user)
            guard group.role.managesGroup else { throw SocialError.forbidden }
            let removed = try await transaction.execute(
                "DELETE FROM social.join_requests WHERE chatroom_id = \(id) AND user_id = \(asker)")
            guard removed == 1 else { throw SocialError.joinRequestNotFound }
            let isMember: Bool = try await transaction.one(
                """
                SELECT EXISTS (SELECT FROM social.chatroom_members
                WHERE chatroom_id = \(id) AND user_id = \(asker))
                """)
            guard letsIn, !isMember else { return }
            guard group.memberCount < self.maxMembers else { throw SocialError.chatroomFull }
            try await transaction.enter(asker, id, by: user, showsHistory: group.historyForNewMembers)
        }
    }
}

extension PostgresTransaction {
    /// Where a link led that was followed under this key, while whoever followed it is there.
    fileprivate func followed(under key: UUID, by user: UserID) async throws -> InviteStore.Outcome? {
        let led: (ChatroomID, Bool, Bool)? = try await self.first(
            """
            SELECT f.chatroom_id,
                EXISTS (SELECT FROM social.chatroom_members AS m
                    WHERE m.chatroom_id = f.chatroom_id AND m.user_id = \(user)) AS is_member,
                EXISTS (SELECT FROM social.join_requests AS j
                    WHERE j.chatroom_id = f.chatroom_id AND j.user_id = \(user)) AS is_waiting
            FROM social.followed_invites AS f WHERE f.user_id = \(user) AND f.creation_key = \(key)
            """)
        guard let (id, isMember, isWaiting) = led else { return nil }
        return isMember ? .member(id) : isWaiting ? .waiting(id) : nil
    }

    /// Puts people in line; answers how many were not.
    func ask(_ users: [UserID], for id: ChatroomID, by inviter: UserID) async throws -> Int {
        try await self.execute(
            """
            INSERT INTO social.join_requests (chatroom_id, user_id, invited_by)
            SELECT \(id), user_id, \(inviter) FROM unnest(\(users) :: bigint[]) AS user_id ON CONFLICT DO NOTHING
            """)
    }

    /// The last thing of a transaction that has locked the group.
    fileprivate func enter(_ user: UserID, _ id: ChatroomID, by: UserID, showsHistory: Bool) async throws {
        try await self.execute(
            "DELETE FROM social.join_requests WHERE chatroom_id = \(id) AND user_id = \(user)")
        try await self.execute(
            """
            INSERT INTO social.chatroom_members (chatroom_id, user_id, role, shows_history)
            VALUES (\(id), \(user), 'member', \(showsHistory))
            """)
        try await self.execute("UPDATE social.chatrooms SET member_count = member_count + 1 WHERE id = \(id)")
        try self.record([
            .memberAdded(chatroom: id, user: user, by: by, role: .member, showsHistory: showsHistory)
        ])
    }
}

/// A group as its link leads to it.
private struct InvitedGroup: PostgresRowDecodable {
    let memberCount: Int
    let showsHistory: Bool
    let joinApproval: Bool
    let isMember: Bool
    /// Whether the link lets anybody in.
    let holds: Bool

    init(row: PostgresRow) throws(PostgresError) {
        self.memberCount = try row.get("member_count")
        self.showsHistory = try row.get("history_for_new_members")
        self.joinApproval = try row.get("join_approval")
        self.isMember = try row.get("is_member")
        self.holds = try row.get("holds")
    }
}

extension JoinRequestRecord: PostgresRowDecodable {
    init(row: PostgresRow) throws(PostgresError) {
        self.init(
            user: try row.get("user_id"), invitedBy: try row.get("invited_by"), createdAt: try row.get("created_at"),
            place: try row.get("place"))
    }
}
