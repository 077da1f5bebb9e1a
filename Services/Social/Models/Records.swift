import ChatAPI
import Foundation

/// What a change has made, and the position of its last row in the change feed; `nil` where nothing was to change.
struct Committed<Value: Sendable>: Sendable {
    var value: Value
    var position: Int64?
}

/// A friend request as it is kept: without the profiles, which are Auth's.
struct FriendRequestRecord: Hashable, Sendable {
    var id: FriendRequestID
    var from: UserID
    var to: UserID
    var reason: String
    var status: FriendRequestStatus
    var createdAt: Timestamp

    /// The row of the change feed that tells both people how far it has come.
    var change: SocialChange {
        .friendRequest(
            id: self.id, from: self.from, to: self.to, reason: self.reason, status: self.status,
            createdAt: self.createdAt)
    }

    /// As one of the two sees it: `user` is the other one.
    func seen(with user: Profile) -> FriendRequest {
        FriendRequest(id: self.id, user: user, reason: self.reason, status: self.status, createdAt: self.createdAt)
    }
}

/// A friend of somebody, as kept.
struct FriendRecord: Hashable, Sendable {
    var user: UserID
    var since: Timestamp
    var remark: String?
    /// When they were last online, if that is known.
    var lastSeenAt: Timestamp?

    /// - Parameter isVisible: whether their coming and going is to be seen.
    func seen(with user: Profile, isVisible: Bool, online: Bool) -> Friend {
        Friend(
            user: user, remark: self.remark, since: self.since, online: online,
            lastSeenAt: isVisible && !online ? self.lastSeenAt : nil)
    }
}

/// Somebody whom the caller has blocked, as kept.
struct BlockRecord: Hashable, Sendable {
    var user: UserID
    var since: Timestamp
}

/// A chatroom as one of its members sees it, as kept.
struct ChatroomRecord: Hashable, Sendable {
    var id: ChatroomID
    var type: ChatroomType
    var name: String
    var avatar: String?
    var announcement: String
    var historyForNewMembers: Bool
    var joinApproval = false
    var memberCount: Int
    var createdAt: Timestamp
    /// The other person of a direct chatroom.
    var peer: UserID?
    var role: Role
    var settings: ChatroomSettings

    /// As its member sees it: a direct one bears the peer's name and avatar.
    func seen(with peer: Profile?) -> Chatroom {
        Chatroom(
            id: self.id, type: self.type, name: peer?.nickname ?? self.name, avatar: peer?.avatar ?? self.avatar,
            announcement: self.announcement.isEmpty ? nil : self.announcement,
            historyForNewMembers: self.type == .group ? self.historyForNewMembers : nil,
            joinApproval: self.type == .group ? self.joinApproval : nil,
            memberCount: self.memberCount, peer: peer, role: self.role, settings: self.settings)
    }
}

/// A member of a chatroom, as kept.
struct MemberRecord: Hashable, Sendable {
    var user: UserID
    var role: Role
    var joinedAt: Timestamp
    var mutedUntil: Timestamp?
    var canSend: Bool

    func seen(with user: Profile, online: Bool = false) -> Member {
        Member(user: user, role: self.role, joinedAt: self.joinedAt, mutedUntil: self.mutedUntil, online: online)
    }

    /// The row of the change feed that tells of a new role, mute or right to send.
    func change(in chatroom: ChatroomID) -> SocialChange {
        .memberUpdated(
            chatroom: chatroom,
            membership: Membership(id: chatroom, role: self.role, mutedUntil: self.mutedUntil, canSend: self.canSend),
            user: self.user)
    }
}
