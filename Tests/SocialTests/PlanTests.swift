import ChatAPI
import PeopleSeed
import Postgres
import Testing
import TestServers

@testable import Social

/// How PostgreSQL reads for what is asked most, with so many people that it would not read a table from end to end unless
/// it had to.
struct PlanTests {
    @Test func `friends, chatrooms and memberships are found by indexes`() async throws {
        var sizes = PeopleSizes()
        (sizes.users, sizes.popular, sizes.friendsOfPopular) = (5_000, 2, 1_000)
        (sizes.directs, sizes.groups) = (2_000, 8_000)
        // One connection, as each counts for itself until it tells.
        try await withPostgres(
            schema: "social", migrations: SocialService.migrations,
            configure: { ($0.connections, $0.statementTimeout) = (1, .seconds(120)) }
        ) { [sizes] postgres in
            try await SocialSeed(sizes).fill(postgres)
            let social = SocialDatabase(postgres: postgres)
            // Beyond those who are friends of the popular.
            let user = UserID(4_000)
            let before = try await Self.readFromEndToEnd(postgres)
            #expect(try await social.friends.friends(of: user, after: nil, limit: 200).count == 20)
            #expect(try await social.friends.friends(of: UserID(1), after: nil, limit: 200).count == 200)
            #expect(try await social.friends.visibleFriends(of: (1...50).map { UserID($0) }).count == 50)
            let chatrooms = try await social.chatrooms.chatrooms(of: user, after: nil, limit: 50)
            #expect(chatrooms.count >= 16)
            let group = ChatroomID(sizes.directs + 17)
            #expect(try await social.members.members(of: group, for: UserID(17), after: nil, limit: 50).count == 10)
            let everywhere = try await social.memberships.memberships(of: (1...100).map { UserID($0) })
            #expect(everywhere.users.allSatisfy { $0.chatrooms.count >= 16 })
            _ = try await social.memberships.members(of: (1...20).map { ChatroomID(sizes.directs + $0) })
            #expect(try await Self.readFromEndToEnd(postgres) == before)
        }
    }

    @Test func `a seed is as people would have made it`() async throws {
        var sizes = PeopleSizes()
        (sizes.users, sizes.popular, sizes.friendsOfPopular) = (400, 3, 100)
        (sizes.directs, sizes.groups) = (200, 100)
        try await withPostgres(schema: "social", migrations: SocialService.migrations) { [sizes] postgres in
            try await SocialSeed(sizes).fill(postgres)
            let wrong: [String] = try await postgres.all(
                """
                SELECT 'count' FROM social.chatrooms AS c WHERE member_count <> (
                    SELECT count(*) FROM social.chatroom_members AS m WHERE m.chatroom_id = c.id)
                UNION ALL SELECT 'owner' FROM social.chatrooms AS c WHERE type = 'group' AND NOT EXISTS (
                    SELECT FROM social.chatroom_members AS m
                    WHERE m.chatroom_id = c.id AND m.user_id = c.owner_id AND m.role = 'owner')
                UNION ALL SELECT 'direct' FROM social.chatrooms AS c WHERE type = 'direct' AND NOT EXISTS (
                    SELECT FROM social.friendships AS f WHERE f.low_id || ':' || f.high_id = c.direct_key)
                """)
            #expect(wrong == [])
            let friendships: Int64 = try await postgres.one("SELECT count(*) FROM social.friendships")
            #expect(friendships >= sizes.users * sizes.friendsEach / 2 + 250)
            // What is made after it has ids of its own.
            let social = SocialDatabase(postgres: postgres)
            let made = try await social.chatrooms.create(name: "lobby", owner: .alice, members: [], key: nil)
            #expect(made.value.id == ChatroomID(sizes.chatrooms + 1))
        }
    }

    @Test func `sizes that make no crowd are refused`() {
        #expect(PeopleSizes().problem == nil)
        for change: @Sendable (inout PeopleSizes) -> Void in [
            { $0.users = 0 }, { $0.friendsEach = 7 }, { $0.friendsEach = 2_000_000 }, { $0.directs = 2_000_000 },
            { $0.membersEach = 2_000_000 },
        ] {
            var sizes = PeopleSizes()
            change(&sizes)
            #expect(sizes.problem != nil)
        }
    }

    /// How often each large table was.
    private static func readFromEndToEnd(_ postgres: Postgres) async throws -> [Int64] {
        try await postgres.execute("SELECT pg_stat_force_next_flush()")
        return try await postgres.all(
            """
            SELECT seq_scan FROM pg_stat_user_tables
            WHERE relname IN ('friendships', 'chatrooms', 'chatroom_members') ORDER BY relname
            """)
    }
}
