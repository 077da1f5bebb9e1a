/// One to one, or a group.
package enum ChatroomType: String, Codable, Sendable {
    case direct, group
}

/// What a member may do.
package enum Role: String, Codable, Sendable {
    case owner, admin, member
}

/// When a member wants to be told.
package enum Notify: String, Codable, Sendable {
    case all, mentions, none
}

/// What a member has set for a chatroom, for themself only.
package struct ChatroomSettings: Codable, Hashable, Sendable {
    package var notify: Notify
    package var pinned: Bool
    package var hidden: Bool

    package init(notify: Notify = .all, pinned: Bool = false, hidden: Bool = false) {
        self.notify = notify
        self.pinned = pinned
        self.hidden = hidden
    }
}

/// A chatroom as one of its members sees it. A direct one bears the peer's name and avatar.
package struct Chatroom: Codable, Hashable, Sendable {
    package var id: ChatroomID
    package var type: ChatroomType
    package var name: String
    package var avatar: String?
    package var announcement: String?
    /// Of a group: whether those who come later may read what was said before.
    package var historyForNewMembers: Bool?
    /// Of a group: whether whoever comes must be let in by an owner or admin.
    package var joinApproval: Bool?
    package var memberCount: Int
    /// The other person of a direct chatroom.
    package var peer: Profile?
    /// The caller's own.
    package var role: Role
    package var settings: ChatroomSettings

    package init(
        id: ChatroomID, type: ChatroomType, name: String, avatar: String? = nil, announcement: String? = nil,
        historyForNewMembers: Bool? = nil, joinApproval: Bool? = nil, memberCount: Int, peer: Profile? = nil,
        role: Role,
        settings: ChatroomSettings = ChatroomSettings()
    ) {
        self.id = id
        self.type = type
        self.name = name
        self.avatar = avatar
        self.announcement = announcement
        self.historyForNewMembers = historyForNewMembers
        self.joinApproval = joinApproval
        self.memberCount = memberCount
        self.peer = peer
        self.role = role
        self.settings = settings
    }
}

/// A member as the other members see them.
package struct Member: Codable, Hashable, Sendable {
    package var user: Profile
    package var role: Role
    package var joinedAt: Timestamp
    package var mutedUntil: Timestamp?
    package var online: Bool

    package init(
        user: Profile, role: Role, joinedAt: Timestamp, mutedUntil: Timestamp? = nil, online: Bool = false
    ) {
        self.user = user
        self.role = role
        self.joinedAt = joinedAt
        self.mutedUntil = mutedUntil
        self.online = online
    }
}
