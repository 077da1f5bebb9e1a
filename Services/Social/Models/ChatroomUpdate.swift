import ChatAPI

/// What is to be changed of a group; `nil` stays as it is.
struct ChatroomUpdate: Sendable {
    var name: String?
    var announcement: String?
    /// The inner `nil` takes the avatar away.
    var avatar: String??
    var historyForNewMembers: Bool?
    var joinApproval: Bool?
}

/// What a member wants to change of their own settings for a chatroom; `nil` stays as it is.
struct SettingsUpdate: Sendable, Decodable {
    var notify: Notify?
    var pinned: Bool?
    var hidden: Bool?
}

/// What is to be changed of a member; `nil` stays as it is.
struct MemberUpdate: Sendable {
    var role: Role?
    /// The inner `nil` ends the mute.
    var mutedUntil: Timestamp??
}
