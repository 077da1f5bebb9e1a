/// What anybody signed in may know of a user.
package struct Profile: Codable, Hashable, Sendable {
    package var id: UserID
    package var username: String
    package var nickname: String
    /// A Media URL.
    package var avatar: String?

    package init(id: UserID, username: String, nickname: String, avatar: String? = nil) {
        self.id = id
        self.username = username
        self.nickname = nickname
        self.avatar = avatar
    }
}

/// What stands beside a message: who sent it.
package struct Sender: Codable, Hashable, Sendable {
    package var id: UserID
    package var nickname: String
    package var avatar: String?

    package init(_ profile: Profile) {
        self.id = profile.id
        self.nickname = profile.nickname
        self.avatar = profile.avatar
    }
}

/// How far a friend request has come.
package enum FriendRequestStatus: String, Codable, Sendable {
    case pending, agreed, rejected, cancelled, expired
}

/// A friend request as one of its two people sees it: `user` is the other one.
package struct FriendRequest: Codable, Hashable, Sendable {
    package var id: FriendRequestID
    package var user: Profile
    package var reason: String
    package var status: FriendRequestStatus
    package var createdAt: Timestamp

    package init(
        id: FriendRequestID, user: Profile, reason: String, status: FriendRequestStatus, createdAt: Timestamp
    ) {
        self.id = id
        self.user = user
        self.reason = reason
        self.status = status
        self.createdAt = createdAt
    }
}

/// A friend, as the caller keeps them.
package struct Friend: Codable, Hashable, Sendable {
    package var user: Profile
    package var remark: String?
    package var since: Timestamp
    package var online: Bool
    /// When they were last online; absent while they are, and where it is not known or not to be seen.
    package var lastSeenAt: Timestamp?

    package init(user: Profile, remark: String?, since: Timestamp, online: Bool, lastSeenAt: Timestamp? = nil) {
        self.user = user
        self.remark = remark
        self.since = since
        self.online = online
        self.lastSeenAt = lastSeenAt
    }
}
