import ChatAPI
import PeopleSeed
import Postgres
import Testing
import TestServers

@testable import Auth

/// How PostgreSQL reads for what is asked most, with so many users that it would not read a table from end to end unless
/// it had to.
struct PlanTests {
    @Test func `people are found by indexes`() async throws {
        var sizes = PeopleSizes()
        (sizes.users, sizes.popular, sizes.directs, sizes.groups) = (20_000, 0, 0, 0)
        // One connection, as each counts for itself until it tells.
        try await withPostgres(
            schema: "auth", migrations: AuthService.migrations,
            configure: { ($0.connections, $0.statementTimeout) = (1, .seconds(120)) }
        ) { [sizes] postgres in
            try await AuthSeed(sizes, passwordHash: "x", sessions: 1_000).fill(postgres)
            let stores = Stores(postgres: postgres)
            let before = try await Self.readFromEndToEnd(postgres)
            #expect(try await stores.profiles.search("por", limit: 50).count == 50)
            #expect(try await stores.profiles.search("小雨", limit: 50).isEmpty == false)
            #expect(try await stores.profiles.search(AuthSeed.username(of: 77), limit: 50).first?.id == UserID(77))
            #expect(try await stores.profiles.lookup(ids: (1...200).map { UserID($0) }).users.count == 200)
            #expect(try await stores.profiles.lookup(ids: [], usernames: [AuthSeed.username(of: 5)]).users.count == 1)
            _ = try await stores.accounts.account(UserID(9))
            _ = try await stores.sessions.list(of: UserID(9), limit: 50, now: stores.clock.now)
            #expect(try await Self.readFromEndToEnd(postgres) == before)
        }
    }

    /// How often each large table was.
    private static func readFromEndToEnd(_ postgres: Postgres) async throws -> [Int64] {
        try await postgres.execute("SELECT pg_stat_force_next_flush()")
        return try await postgres.all(
            "SELECT seq_scan FROM pg_stat_user_tables WHERE relname IN ('users', 'sessions') ORDER BY relname")
    }
}
