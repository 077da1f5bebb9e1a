import ChatAPI

/// Whom somebody sees online: people who let it be seen, and whom no block hides. Who else is asked about, as strangers,
/// is for the caller to refuse.
struct Sight: Sendable {
    let presence: PresenceReader
    let blocks: BlockStore

    /// Those of `people` who may be seen by `user`, and those of these who are online.
    func look(
        at people: [UserID: Person], by user: UserID
    ) async throws -> (visible: Set<UserID>, online: Set<UserID>) {
        let shown = people.values.filter { $0.privacy.presence == .friends }.map(\.profile.id)
        guard !shown.isEmpty else { return ([], []) }
        async let online = self.presence.online(among: shown)
        let visible = Set(shown).subtracting(try await self.blocks.blocked(between: user, and: shown))
        return (visible, await online.intersection(visible))
    }
}
