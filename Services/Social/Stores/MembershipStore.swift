import ChatAPI
import Foundation
import Postgres

/// What other services ask: memberships of many at once, each answer one snapshot together with the feed's position.
struct MembershipStore: Sendable {
    let postgres: Postgres

    /// The chatrooms of each of `users`; who has none has an empty list.
    func memberships(of users: [UserID]) async throws -> LookupMemberships.Answer {
        let rows: [MembershipRow] = try await self.postgres.all(
            """
            SELECT h.epoch, h.position, m.user_id, m.chatroom_id, m.role, m.muted_until, m.can_send
            FROM social.change_heads AS h LEFT JOIN social.chatroom_members AS m ON m.user_id = ANY (\(users))
            ORDER BY m.user_id, m.chatroom_id
            """)
        var chatrooms: [UserID: [Membership]] = [:]
        for row in rows {
            if let user = row.user, let membership = row.membership { chatrooms[user, default: []].append(membership) }
        }
        guard let head = rows.first else { preconditionFailure("the feed has a head from its first migration") }
        return LookupMemberships.Answer(
            epoch: head.epoch, position: head.position,
            users: users.map { UserMemberships(id: $0, chatrooms: chatrooms[$0] ?? []) })
    }

    /// The members of each of `chatrooms`; one that does not exist has none.
    func members(of chatrooms: [ChatroomID]) async throws -> LookupMembers.Answer {
        let rows: [MemberRow] = try await self.postgres.all(
            """
            SELECT h.epoch, h.position, m.chatroom_id, m.user_id
            FROM social.change_heads AS h
            LEFT JOIN social.chatroom_members AS m ON m.chatroom_id = ANY (\(chatrooms))
            ORDER BY m.chatroom_id, m.user_id
            """)
        var members: [ChatroomID: [UserID]] = [:]
        for row in rows {
            if let chatroom = row.chatroom, let user = row.user { members[chatroom, default: []].append(user) }
        }
        guard let head = rows.first else { preconditionFailure("the feed has a head from its first migration") }
        return LookupMembers.Answer(
            epoch: head.epoch, position: head.position,
            chatrooms: chatrooms.map { ChatroomMembers(id: $0, members: members[$0] ?? []) })
    }

    /// Who is in the first `limit` chatrooms above an id.
    func snapshot(after id: Int64, limit: Int) async throws -> MembershipSnapshot {
        let rows: [SnapshotRow] = try await self.postgres.all(
            """
            SELECT h.epoch, h.position, c.id, c.type, c.name, c.owner_id,
                m.user_id, m.role, m.muted_until, m.can_send, m.shows_history
            FROM social.change_heads AS h
            LEFT JOIN LATERAL (
                SELECT id, type, name, owner_id FROM social.chatrooms
                WHERE id > \(id) AND dissolved_at IS NULL ORDER BY id LIMIT \(limit)) AS c ON TRUE
            LEFT JOIN social.chatroom_members AS m ON m.chatroom_id = c.id
            ORDER BY c.id, m.user_id
            """)
        guard let head = rows.first else { preconditionFailure("the feed has a head from its first migration") }
        let chatrooms = Dictionary(grouping: rows.compactMap(\.chatroom), by: \.id)
        return MembershipSnapshot(
            epoch: head.epoch, position: head.position,
            chatrooms: chatrooms.sorted { $0.key < $1.key }.map { id, members in
                MembershipSnapshot.Chatroom(id: id, changes: SnapshotRow.changes(id, members))
            })
    }

    /// The first `limit` rows of the change feed above a position.
    func changes(after position: Int64, limit: Int) async throws -> Changes<SocialChange> {
        let page = try await self.postgres.changes(after: position, limit: limit, in: .social)
        return Changes(
            epoch: page.epoch, position: page.position,
            changes: try page.changes.map { Change(position: $0.position, what: try $0.what.decode()) })
    }
}

private struct MembershipRow: PostgresRowDecodable {
    var epoch: UUID
    var position: Int64
    var user: UserID?
    var membership: Membership?

    init(row: PostgresRow) throws(PostgresError) {
        self.epoch = try row.get("epoch")
        self.position = try row.get("position")
        self.user = try row.get("user_id")
        guard self.user != nil else { return }
        self.membership = Membership(
            id: try row.get("chatroom_id"), role: try row.get("role"), mutedUntil: try row.get("muted_until"),
            canSend: try row.get("can_send"))
    }
}

private struct SnapshotRow: PostgresRowDecodable {
    struct Chatroom {
        var id: ChatroomID
        var type: ChatroomType
        var name: String
        var owner: UserID?
        var user: UserID?
        var membership: Membership?
        var showsHistory = false
    }

    var epoch: UUID
    var position: Int64
    var chatroom: Chatroom?

    init(row: PostgresRow) throws(PostgresError) {
        self.epoch = try row.get("epoch")
        self.position = try row.get("position")
        guard let id: ChatroomID = try row.get("id") else { return }
        var chatroom = Chatroom(
            id: id, type: try row.get("type"), name: try row.get("name"), owner: try row.get("owner_id"),
            user: try row.get("user_id"))
        if chatroom.user != nil {
            chatroom.membership = Membership(
                id: id, role: try row.get("role"), mutedUntil: try row.get("muted_until"),
                canSend: try row.get("can_send"))
            chatroom.showsHistory = try row.get("shows_history")
        }
        self.chatroom = chatroom
    }

    /// The rows that a feed which begins with this chatroom would tell.
    static func changes(_ id: ChatroomID, _ rows: [Chatroom]) -> [SocialChange] {
        var changes: [SocialChange] = []
        let members = rows.compactMap { row in
            row.user.flatMap { user in
                row.membership.map { (user: user, membership: $0, showsHistory: row.showsHistory) }
            }
        }
        if rows.first?.type == .direct {
            changes.append(.directCreated(chatroom: id, members: members.map(\.user)))
        } else if let first = rows.first, let owner = first.owner {
            changes.append(.groupCreated(chatroom: id, name: first.name, owner: owner))
            for member in members where member.user != owner {
                changes.append(
                    .memberAdded(
                        chatroom: id, user: member.user, by: owner, role: member.membership.role,
                        showsHistory: member.showsHistory))
            }
        }
        for member in members where !member.membership.canSend || member.membership.mutedUntil != nil {
            changes.append(.memberUpdated(chatroom: id, membership: member.membership, user: member.user))
        }
        return changes
    }
}

private struct MemberRow: PostgresRowDecodable {
    var epoch: UUID
    var position: Int64
    var chatroom: ChatroomID?
    var user: UserID?

    init(row: PostgresRow) throws(PostgresError) {
        self.epoch = try row.get("epoch")
        self.position = try row.get("position")
        self.chatroom = try row.get("chatroom_id")
        self.user = try row.get("user_id")
    }
}
