import ChatAPI
import HTTPTypes
import ServiceKit
import Synchronization

/// Who is in which chatroom: asks Social, many at once. A yes is believed for half a second, so that a removal acts within
/// one; a no is always confirmed, so that one who has just come in is not refused.
///
/// A `final class` with a `Mutex` for what is remembered.
final class MembershipClient: Sendable {
    private struct Known {
        var chatrooms: Set<ChatroomID>
        var askedAt: ContinuousClock.Instant
    }

    private static let believed = Duration.milliseconds(500)
    private let lookup: Lookup<UserID, Set<ChatroomID>>
    private let known = Mutex<[UserID: Known]>([:])
    private let now: @Sendable () -> ContinuousClock.Instant

    init(social: ServiceClient, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        self.now = now
        self.lookup = Lookup(name: "memberships", maxBatch: 200) { users in
            let answer: LookupMemberships.Answer = try await social.call(
                .post, "/internal/memberships", LookupMemberships(userIds: users))
            return Dictionary(answer.users.map { ($0.id, Set($0.chatrooms.map(\.id))) }) { $1 }
        }
    }

    /// - Throws: ``ServiceUnavailable`` where Social must be asked and does not answer.
    func isMember(_ user: UserID, of chatroom: ChatroomID) async throws -> Bool {
        let asked = self.now()
        let isKnown = self.known.withLock { known in
            known[user].map { asked - $0.askedAt < Self.believed && $0.chatrooms.contains(chatroom) } ?? false
        }
        if isKnown { return true }
        let chatrooms = try await self.lookup.value(for: user) ?? []
        self.known.withLock { known in
            // Nothing in it is worth keeping for longer than it is believed.
            if known.count >= 10_000 { known = [:] }
            known[user] = Known(chatrooms: chatrooms, askedAt: asked)
        }
        return chatrooms.contains(chatroom)
    }

    /// Whether somebody may read what belongs to a chatroom, or to none.
    func mayRead(_ user: UserID, _ file: StoredFile) async throws -> Bool {
        guard let chatroom = file.chatroom else { return true }
        return try await self.isMember(user, of: chatroom)
    }
}
