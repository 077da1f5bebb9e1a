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
    }

    /// Makes a link; any member of a group may.
    ///
    /// - Throws: ``SocialError/chatroomNotFound``, ``SocialError/forbidden`` (a direct one),
    ///   ``SocialError/tooManyInvites``.
    func create(_ invite: Invite, for id: ChatroomID, by user: UserID) async throws {
        try await self.postgres.transaction { transaction in
            _ = try await transaction.lockGroup(id, as: user)
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
                INSERT INTO social.invites (code, chatroom_id, creator_id, expires_at, uses_left)
                VALUES (\(invite.code), \(id), \(user), \(invite.expiresAt), \(invite.maxUses))
                """)
        }
    }

    /// Lets somebody in by a link, or in line where the group wants to approve. Who is in already uses nothing up.
    ///
    /// - Throws: ``SocialError/inviteNotFound`` for one that holds no longer; ``SocialError/chatroomFull``.
    func follow(_ code: String, by user: UserID) async throws -> Committed<Outcome> {
        try await self.postgres.change { transaction in
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
                        WHERE chatroom_id = c.id AND user_id = \(user)) AS is_member
                FROM social.invites AS i JOIN social.chatrooms AS c ON c.id = i.chatroom_id
                WHERE i.code = \(code) AND i.expires_at > clock_timestamp() AND i.uses_left IS DISTINCT FROM 0
                    AND EXISTS (SELECT FROM social.chatroom_members WHERE chatroom_id = c.id AND user_id = \(creator))
                """)
            guard let group else { throw SocialError.inviteNotFound }
            if group.isMember { return .member(id) }
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
    }

    /// Who waits, the longest first, for an owner or admin.
    ///
    /// - Throws: ``SocialError/chatroomNotFound``, ``SocialError/forbidden``.
    func waiting(for id: ChatroomID, seenBy user: UserID, limit: Int) async throws -> [JoinRequestRecord] {
        let role: Role? = try await self.postgres.first(
            "SELECT role FROM social.chatroom_members WHERE chatroom_id = \(id) AND user_id = \(user)")
        guard let role else { throw SocialError.chatroomNotFound }
        guard role.managesGroup else { throw SocialError.forbidden }
        return try await self.postgres.all(
            """
            SELECT user_id, invited_by, created_at FROM social.join_requests WHERE chatroom_id = \(id)
            ORDER BY created_at, user_id LIMIT \(limit)
            """)
    }

    /// Lets in who waits, or sends them away.
    ///
    /// - Throws: ``SocialError/chatroomNotFound``, ``SocialError/forbidden``, ``SocialError/joinRequestNotFound``,
    ///   ``SocialError/chatroomFull``.
    func settle(_ asker: UserID, in id: ChatroomID, letsIn: Bool, by user: UserID) async throws -> Committed<Void> {
        try await self.postgres.change { transaction in
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
            INSERT INTO social.chatroom_members (chatroom_id, user_id, role) VALUES (\(id), \(user), 'member')
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

    init(row: PostgresRow) throws(PostgresError) {
        self.memberCount = try row.get("member_count")
        self.showsHistory = try row.get("history_for_new_members")
        self.joinApproval = try row.get("join_approval")
        self.isMember = try row.get("is_member")
    }
}

extension JoinRequestRecord: PostgresRowDecodable {
    init(row: PostgresRow) throws(PostgresError) {
        self.init(
            user: try row.get("user_id"), invitedBy: try row.get("invited_by"), createdAt: try row.get("created_at"))
    }
}
