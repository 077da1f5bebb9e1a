import ChatAPI
import Foundation
import Postgres
import TestServers

@testable import Social

extension UserID {
    static let alice = UserID(1)
    static let bob = UserID(2)
    static let carol = UserID(3)
    static let dave = UserID(4)
    static let mallory = UserID(666)
}

/// Every store on a database of its own.
struct SocialDatabase: Sendable {
    let postgres: Postgres
    let friends: FriendStore
    let blocks: BlockStore
    let chatrooms: ChatroomStore
    let members: MemberStore
    let memberships: MembershipStore
    let acquaintances: Acquaintances

    init(postgres: Postgres, maxMembers: Int = 500) {
        self.postgres = postgres
        self.friends = FriendStore(postgres: postgres)
        self.blocks = BlockStore(postgres: postgres)
        self.chatrooms = ChatroomStore(postgres: postgres, maxMembers: maxMembers)
        self.members = MemberStore(postgres: postgres, maxMembers: maxMembers)
        self.memberships = MembershipStore(postgres: postgres)
        self.acquaintances = Acquaintances(friends: self.friends, blocks: self.blocks)
    }

    func requests(_ rules: FriendRequestRules = FriendRequestRules()) -> FriendRequestStore {
        FriendRequestStore(postgres: self.postgres, rules: rules)
    }

    /// Makes two people friends, as they do it: one asks, the other agrees.
    func befriend(_ one: UserID, _ other: UserID) async throws {
        let rules = FriendRequestRules(maxPerDay: 1000, maxPending: 1000)
        let asked = try await self.requests(rules).request(from: one, to: other, reason: "")
        _ = try await self.requests(rules).agree(asked.value.id, by: other)
    }

    /// The whole change feed, checked to be dense.
    func feed() async throws -> [Change<SocialChange>] {
        try await self.memberships.changes(after: 0, limit: 1_000_000).changes
    }

    func count(_ sql: SQL) async throws -> Int { try await self.postgres.one(sql) }
}

func withSocial(maxMembers: Int = 500, _ body: (SocialDatabase) async throws -> Void) async throws {
    try await withPostgres(schema: "social", migrations: SocialService.migrations) { postgres in
        try await body(SocialDatabase(postgres: postgres, maxMembers: maxMembers))
    }
}

extension JudgeFriendRequest.Answer {
    /// Of somebody who asks whoever takes requests from everybody, and has been here for long.
    static let usual = JudgeFriendRequest.Answer(welcome: .anyone, senderSince: Timestamp(milliseconds: 0))
}

extension FriendRequestStore {
    func request(
        from: UserID, to: UserID, reason: String, key: UUID? = nil
    ) async throws -> Committed<FriendRequestRecord> {
        try await self.request(from: from, to: to, reason: reason, judgement: .usual, key: key)
    }
}
