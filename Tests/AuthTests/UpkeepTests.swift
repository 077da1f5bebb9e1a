import ChatAPI
import Foundation
import Postgres
import Testing

@testable import Auth

/// What counts no longer is removed, and nothing else.
struct UpkeepTests {
    @Test func `sessions that are over go, also the revoked, and those that are not stay`() async throws {
        try await withStores { stores in
            let (alice, first) = try await stores.register("alice")
            _ = try await stores.sessions.revoke(first.id, of: alice.id, now: stores.clock.now)
            stores.clock.advance(by: .seconds(7 * 86_400))
            try await stores.tidy()
            #expect(try await stores.count("auth.sessions") == 1, "services still learn of the revocation")
            stores.clock.advance(by: .seconds(86_400))
            let (_, second) = try await stores.register("bob")
            try await stores.tidy()
            #expect(try await stores.count("auth.sessions") == 1)
            #expect(try await stores.sessions.renew([second.id], now: stores.clock.now).map(\.id) == [second.id])
        }
    }

    @Test func `codes, requests for them and failed logins go when they count no more`() async throws {
        try await withStores { stores in
            let codes = CodeStore(postgres: stores.postgres, limits: CodeLimits())
            let subject = CodeSubject.registration(of: try #require(EmailAddress("a@example.org")))
            try await codes.keep(Data([1]), for: subject, now: stores.clock.now)
            _ = try await codes.request(address: "a@example.org", source: "192.0.2.1", now: stores.clock.now)
            _ = try await stores.failures.add(account: "alice", address: "192.0.2.1", now: stores.clock.now)
            try await stores.tidy()
            for table in ["auth.codes", "auth.code_requests", "auth.failed_logins"] {
                #expect(try await stores.count(table) == 1)
            }
            stores.clock.advance(by: .seconds(3_600))
            try await stores.tidy()
            for table in ["auth.codes", "auth.code_requests", "auth.failed_logins"] {
                #expect(try await stores.count(table) == 0)
            }
        }
    }

    @Test func `the audit is kept for its time, and the database lets nobody remove a young row`() async throws {
        try await withStores { stores in
            // By the database's own clock, which a test does not move.
            for days in [1, 29, 31, 400] {
                let entry = AuditEntry(action: .registered, user: UserID(1), at: Date() - Double(days) * 86_400)
                try await stores.postgres.execute(entry.insertion)
            }
            await #expect(throws: PostgresError.self) {
                try await stores.postgres.execute("DELETE FROM auth.audit WHERE at > now() - interval '30 days'")
            }
            await #expect(throws: PostgresError.self) {
                try await stores.postgres.execute("UPDATE auth.audit SET action = 'x'")
            }
            try await stores.upkeep().tidy(now: Date())
            #expect(try await stores.count("auth.audit") == 3)
            try await stores.upkeep(.init(audit: .seconds(30 * 86_400))).tidy(now: Date())
            #expect(try await stores.count("auth.audit") == 2)
        }
    }

    @Test func `the feed is trimmed from its beginning, and keeps its last row`() async throws {
        try await withStores { stores in
            for name in ["alice", "bob", "carol", "dave"] { try await stores.register(name) }
            try await stores.postgres.execute(
                "UPDATE auth.changes SET created_at = now() - interval '31 days' WHERE position IN (1, 2, 4)")
            try await stores.tidy()
            let page = try await stores.changes.changes(after: 0, limit: 10)
            #expect(page.changes.map(\.position) == [3, 4], "without a hole")
            try await stores.postgres.execute("UPDATE auth.changes SET created_at = now() - interval '31 days'")
            try await stores.tidy()
            #expect(try await stores.changes.changes(after: 3, limit: 10).changes.map(\.position) == [4])
            #expect(try await stores.changes.changes(after: 0, limit: 10).position == 4)
        }
    }
}

extension Stores {
    fileprivate func upkeep(_ retention: UpkeepStore.Retention = .init()) -> UpkeepStore {
        UpkeepStore(
            postgres: self.postgres, retention: retention, loginLimits: LoginLimits(), codeLimits: CodeLimits())
    }

    fileprivate func tidy() async throws { try await self.upkeep().tidy(now: self.clock.now) }

    fileprivate func count(_ table: String) async throws -> Int {
        try await self.postgres.one("SELECT count(*) FROM \(identifier: table)")
    }
}
