import ChatAPI

/// Who is in which chatroom, as rows of Social's feed tell it.
struct SocialMemberships: Equatable {
    struct Member: Hashable, Sendable {
        var role: Role
        var showsHistory = true
        var canSend = true
        var mutedUntil: Timestamp?
    }

    struct Chatroom: Hashable, Sendable {
        var type: ChatroomType
        var members: [UserID: Member] = [:]
    }

    private(set) var chatrooms: [ChatroomID: Chatroom] = [:]

    mutating func apply(_ change: SocialChange) {
        switch change {
        case .directCreated(let id, let members):
            self.chatrooms[id] = Chatroom(type: .direct)
            for user in members { self.chatrooms[id]?.members[user] = Member(role: .member) }
        case .groupCreated(let id, _, let owner):
            self.chatrooms[id] = Chatroom(type: .group, members: [owner: Member(role: .owner)])
        case .memberAdded(let id, let user, _, let role, let showsHistory):
            self.chatrooms[id]?.members[user] = Member(role: role, showsHistory: showsHistory)
        case .memberRemoved(let id, let user, _):
            self.chatrooms[id]?.members[user] = nil
        case .memberUpdated(let id, let membership, let user):
            guard var member = self.chatrooms[id]?.members[user] else { return }
            member.role = membership.role
            member.canSend = membership.canSend
            member.mutedUntil = membership.mutedUntil
            self.chatrooms[id]?.members[user] = member
        case .chatroomDissolved(let id, _):
            self.chatrooms[id] = nil
        case .chatroomUpdated, .friendRequest, .friendAdded, .friendRemoved, .settingsChanged, .sightChanged: break
        }
    }
}
