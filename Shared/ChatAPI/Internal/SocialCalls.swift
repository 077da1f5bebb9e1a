import Foundation

/// `POST /internal/memberships` of Social: the chatrooms of many users in one call.
package struct LookupMemberships: Codable, Sendable {
    package var userIds: [UserID]

    package init(userIds: [UserID]) { self.userIds = userIds }

    /// `position` is that of Social's change feed in the same snapshot.
    package struct Answer: Codable, Sendable {
        package var epoch: UUID
        package var position: Int64
        package var users: [UserMemberships]

        package init(epoch: UUID, position: Int64, users: [UserMemberships]) {
            self.epoch = epoch
            self.position = position
            self.users = users
        }
    }
}

package struct UserMemberships: Codable, Hashable, Sendable {
    package var id: UserID
    package var chatrooms: [Membership]

    package init(id: UserID, chatrooms: [Membership]) {
        self.id = id
        self.chatrooms = chatrooms
    }
}

/// One user's place in one chatroom.
package struct Membership: Codable, Hashable, Sendable {
    package var id: ChatroomID
    package var role: Role
    package var mutedUntil: Timestamp?
    /// False where a block or a rule of the chatroom forbids it.
    package var canSend: Bool

    package init(id: ChatroomID, role: Role, mutedUntil: Timestamp? = nil, canSend: Bool = true) {
        self.id = id
        self.role = role
        self.mutedUntil = mutedUntil
        self.canSend = canSend
    }
}

/// `POST /internal/members` of Social: the members of many chatrooms in one call.
package struct LookupMembers: Codable, Sendable {
    package var chatroomIds: [ChatroomID]

    package init(chatroomIds: [ChatroomID]) { self.chatroomIds = chatroomIds }

    package struct Answer: Codable, Sendable {
        package var epoch: UUID
        package var position: Int64
        package var chatrooms: [ChatroomMembers]

        package init(epoch: UUID, position: Int64, chatrooms: [ChatroomMembers]) {
            self.epoch = epoch
            self.position = position
            self.chatrooms = chatrooms
        }
    }
}

package struct ChatroomMembers: Codable, Hashable, Sendable {
    package var id: ChatroomID
    package var members: [UserID]

    package init(id: ChatroomID, members: [UserID]) {
        self.id = id
        self.members = members
    }
}

/// `GET /internal/chatrooms?after=<id>&limit=<n>` of Social: who is in which chatroom, for whoever has not followed its feed
/// so far back.
package struct MembershipSnapshot: Codable, Sendable {
    package var epoch: UUID
    /// Of the feed, in the same snapshot as this page: rows above the first page's are to be applied once more, in order.
    package var position: Int64
    /// In the order of their ids; fewer than asked for at the end.
    package var chatrooms: [Chatroom]

    package init(epoch: UUID, position: Int64, chatrooms: [Chatroom]) {
        self.epoch = epoch
        self.position = position
        self.chatrooms = chatrooms
    }

    package struct Chatroom: Codable, Hashable, Sendable {
        package var id: ChatroomID
        /// As the rows of a feed that begins with this chatroom would tell it.
        package var changes: [SocialChange]

        package init(id: ChatroomID, changes: [SocialChange]) {
            self.id = id
            self.changes = changes
        }
    }
}

/// `POST /internal/friends` of Social: who may see each of many users come and go, that is their friends but for those
/// whom a block stands between.
package struct LookupFriends: Codable, Sendable {
    package var userIds: [UserID]

    package init(userIds: [UserID]) { self.userIds = userIds }

    package struct Answer: Codable, Sendable {
        package var users: [UserFriends]

        package init(users: [UserFriends]) { self.users = users }
    }
}

package struct UserFriends: Codable, Hashable, Sendable {
    package var id: UserID
    package var friends: [UserID]

    package init(id: UserID, friends: [UserID]) {
        self.id = id
        self.friends = friends
    }
}

/// `POST /internal/last-seen` of Social: when users were last online, now that they are so no more.
package struct NoteLastSeen: Codable, Sendable {
    package var users: [User]

    package init(users: [User]) { self.users = users }

    package struct User: Codable, Hashable, Sendable {
        package var id: UserID
        package var at: Timestamp

        package init(id: UserID, at: Timestamp) {
            self.id = id
            self.at = at
        }
    }
}

/// `POST /internal/friends/list` of Social: somebody's friends as they keep them, in the order of their ids, a part at a
/// time.
package struct ListFriends: Codable, Sendable {
    package var userId: UserID
    /// The last one seen.
    package var after: UserID?
    package var limit: Int

    package init(userId: UserID, after: UserID? = nil, limit: Int) {
        self.userId = userId
        self.after = after
        self.limit = limit
    }

    package struct Answer: Codable, Sendable {
        package var friends: [KeptFriend]

        package init(friends: [KeptFriend]) { self.friends = friends }
    }
}

package struct KeptFriend: Codable, Hashable, Sendable {
    package var id: UserID
    package var remark: String?
    package var since: Timestamp

    package init(id: UserID, remark: String?, since: Timestamp) {
        self.id = id
        self.remark = remark
        self.since = since
    }
}

/// One row of Social's change feed. History makes entries and `members` of the rows on chatrooms, the Gateway rooms and
/// events.
package enum SocialChange: Codable, Hashable, Sendable {
    /// A direct chatroom with both its members. No entry of the log: nobody sees anything happen.
    case directCreated(chatroom: ChatroomID, members: [UserID])
    /// A group, its name and its owner. A system entry `created`; its owner is let in by it.
    case groupCreated(chatroom: ChatroomID, name: String, owner: UserID)
    /// A system entry `added`, by which the user is let in. `showsHistory`: may read what was said before.
    case memberAdded(chatroom: ChatroomID, user: UserID, by: UserID, role: Role, showsHistory: Bool)
    /// A system entry: `removed`, or `left` where `by` is the user.
    case memberRemoved(chatroom: ChatroomID, user: UserID, by: UserID)
    /// Role, mute or the right to send. No entry.
    case memberUpdated(chatroom: ChatroomID, membership: Membership, user: UserID)
    /// Name, avatar or announcement. A system entry `renamed` where `name` is given.
    case chatroomUpdated(chatroom: ChatroomID, name: String?, by: UserID)
    /// A system entry `dissolved`; afterwards nobody is a member.
    case chatroomDissolved(chatroom: ChatroomID, by: UserID)
    /// To both people, each with the other's profile; `from` asked `to`.
    case friendRequest(
        id: FriendRequestID, from: UserID, to: UserID, reason: String, status: FriendRequestStatus, createdAt: Timestamp
    )
    case friendAdded(UserID, UserID)
    case friendRemoved(UserID, UserID)
    /// What a member has set for themself: to their own sockets.
    case settingsChanged(chatroom: ChatroomID, user: UserID, settings: ChatroomSettings)
    /// Two friends who see each other come and go no more, as one has blocked the other; or do again.
    case sightChanged(UserID, UserID, canSee: Bool)
}
