/// What a user lets others do and see; to be seen by themself and by the services, never by other users.
package struct Privacy: Codable, Hashable, Sendable {
    /// Who may ask them to be friends.
    package enum Requests: String, Codable, CaseIterable, Sendable {
        case anyone
        /// Who is in a group with them.
        case sharesChatroom
        /// Who knows their code.
        case code
        case nobody
    }

    /// Who sees whether they are online, and when they were last.
    package enum Audience: String, Codable, CaseIterable, Sendable {
        /// Their friends, and whoever is in a chatroom with them.
        case friends
        case nobody
    }

    package var requests: Requests
    package var presence: Audience
    /// Whether others see how far they have read. Mutual: who does not tell is not told.
    package var receipts: Bool
    /// Whether others see that they are writing. Mutual too.
    package var typing: Bool

    package init(
        requests: Requests = .anyone, presence: Audience = .friends, receipts: Bool = true, typing: Bool = true
    ) {
        self.requests = requests
        self.presence = presence
        self.receipts = receipts
        self.typing = typing
    }

    /// Of everybody who has said nothing else.
    package static let usual = Privacy()
}

/// Whose privacy is which.
package struct UserPrivacy: Codable, Hashable, Sendable {
    package var user: UserID
    package var privacy: Privacy

    package init(user: UserID, privacy: Privacy) {
        self.user = user
        self.privacy = privacy
    }
}
