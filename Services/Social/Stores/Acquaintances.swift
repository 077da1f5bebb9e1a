import ChatAPI

/// Decides whom somebody may bring into a group.
struct Acquaintances: Sendable {
    let friends: FriendStore
    let blocks: BlockStore

    /// - Throws: ``SocialError/friendNotFound`` unless all are friends of `user`; ``SocialError/forbidden`` where one
    ///   of them has blocked `user` or is blocked.
    func checkMayAdd(_ others: [UserID], by user: UserID) async throws {
        guard !others.isEmpty else { return }
        guard try await self.friends.friends(of: user, among: others).count == others.count else {
            throw SocialError.friendNotFound
        }
        guard try await self.blocks.blocked(between: user, and: others).isEmpty else { throw SocialError.forbidden }
    }
}
