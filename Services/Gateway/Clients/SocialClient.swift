import ChatAPI
import Foundation
import HTTPTypes
import NIOCore
import ServiceKit

/// What the Gateway asks of Social; many asks go as one.
struct SocialClient: Sendable {
    /// One user's memberships, and the position of Social's feed in the same snapshot.
    struct Memberships: Sendable {
        var epoch: UUID
        var position: Int64
        var chatrooms: [Membership]

        func contains(_ chatroom: ChatroomID) -> Bool { self.chatrooms.contains { $0.id == chatroom } }
    }

    private let client: ServiceClient
    private let lookup: Lookup<UserID, Memberships>

    init(_ client: ServiceClient) {
        self.client = client
        self.lookup = Lookup(name: "memberships", lanes: 2) { users in
            let answer = try await Self.memberships(of: users, from: client)
            let known = Dictionary(answer.users.map { ($0.id, $0.chatrooms) }) { first, _ in first }
            return Dictionary(
                uniqueKeysWithValues: users.map { user in
                    (user, Memberships(epoch: answer.epoch, position: answer.position, chatrooms: known[user] ?? []))
                })
        }
    }

    func memberships(of user: UserID) async throws -> Memberships {
        guard let memberships = try await self.lookup.value(for: user) else {
            throw ServiceUnavailable(service: "social", reason: "a user was left out of its answer")
        }
        return memberships
    }

    /// Of Social's feed, in the snapshot of these users' memberships, which many ask after at once and nobody needs.
    func position(of users: [UserID]) async throws -> Int64 {
        let answer = try await self.client.call(
            .post, "/internal/memberships", json: ViewReader.question(about: users))
        if let position = ViewReader.position(in: answer) { return position }
        return try self.client.decode(LookupMemberships.Answer.self, from: answer).position
    }

    private static func memberships(
        of users: [UserID], from client: ServiceClient
    ) async throws -> LookupMemberships.Answer {
        try await client.call(.post, "/internal/memberships", LookupMemberships(userIds: users))
    }

    /// Who may see each of these users come and go; asked in slices of 1,000.
    func friends(of users: [UserID]) async throws -> [UserID: [UserID]] {
        var friends: [UserID: [UserID]] = [:]
        for start in stride(from: 0, to: users.count, by: 1_000) {
            let slice = Array(users[start..<min(start + 1_000, users.count)])
            let answer: LookupFriends.Answer = try await self.client.call(
                .post, "/internal/friends", LookupFriends(userIds: slice))
            for user in answer.users { friends[user.id] = user.friends }
        }
        return friends
    }

    /// Tells when users were last online; in slices of 1,000.
    func note(lastSeen users: [NoteLastSeen.User]) async throws {
        for start in stride(from: 0, to: users.count, by: 1_000) {
            let slice = Array(users[start..<min(start + 1_000, users.count)])
            let body = try JSONEncoder.teahouse.encode(NoteLastSeen(users: slice))
            _ = try await self.client.call(.post, "/internal/last-seen", json: ByteBuffer(bytes: body))
        }
    }
}
