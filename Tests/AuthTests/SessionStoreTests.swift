import ChatAPI
import Foundation
import Postgres
import Testing

@testable import Auth

struct SessionStoreTests {
    @Test func `a revoked session has its row in the feed, and is revoked once`() async throws {
        try await withStores { stores in
            let (alice, session) = try await stores.register("alice")
            let revoked = try #require(
                try await stores.sessions.revoke(session.id, of: alice.id, now: stores.clock.now))
            #expect(revoked.until.date > session.expiresAt)
            #expect(try await stores.change(at: 2) == .sessionRevoked(revoked))
            #expect(try await stores.sessions.revoke(session.id, of: alice.id, now: stores.clock.now) == nil)
            #expect(stores.announced.all == [1, 2])
        }
    }

    @Test func `when the feed cannot be written the session is not revoked either`() async throws {
        try await withStores { stores in
            let (alice, session) = try await stores.register("alice")
            try await stores.postgres.execute("ALTER TABLE auth.changes ADD CHECK (position < 2)")
            await #expect(throws: PostgresError.self) {
                try await stores.sessions.revoke(session.id, of: alice.id, now: stores.clock.now)
            }
            #expect(
                try await stores.sessions.list(of: alice.id, limit: 10, now: stores.clock.now).map(\.id) == [session.id]
            )
            #expect(stores.announced.all == [1])
        }
    }

    @Test func `nobody revokes another's session`() async throws {
        try await withStores { stores in
            let (_, session) = try await stores.register("alice")
            let (mallory, _) = try await stores.register("mallory")
            #expect(try await stores.sessions.revoke(session.id, of: mallory.id, now: stores.clock.now) == nil)
            #expect(try await stores.sessions.renew([session.id], now: stores.clock.now).count == 1)
        }
    }

    @Test func `a session is renewed while it is neither idle too long, nor over, nor revoked`() async throws {
        try await withStores(life: SessionLife(idle: .seconds(700), longest: .seconds(1_000))) { stores in
            let (alice, session) = try await stores.register("alice")
            func renew() async throws -> Session? {
                try await stores.sessions.renew([session.id, SessionID()], now: stores.clock.now).first
            }
            stores.clock.advance(by: .seconds(600))
            let renewed = try #require(try await renew())
            #expect(renewed.lastUsedAt == stores.clock.now)
            #expect(renewed.expiresAt == session.createdAt + 1_000)
            stores.clock.advance(by: .seconds(399))
            #expect(try await renew() != nil)
            stores.clock.advance(by: .seconds(1))
            #expect(try await renew() == nil)

            let idle = try await stores.register("bob").session
            stores.clock.advance(by: .seconds(700))
            #expect(try await stores.sessions.renew([idle.id], now: stores.clock.now).isEmpty)

            let signedOut = try await stores.register("carol")
            _ = try await stores.sessions.revoke(signedOut.session.id, of: signedOut.account.id, now: stores.clock.now)
            #expect(try await stores.sessions.renew([signedOut.session.id], now: stores.clock.now).isEmpty)
            #expect(try await stores.sessions.list(of: alice.id, limit: 10, now: stores.clock.now).isEmpty)
        }
    }

    @Test func `renewals of the same sessions in two orders do not block each other`() async throws {
        try await withStores { stores in
            var ids: [SessionID] = []
            for number in 0..<20 { ids.append(try await stores.register("user\(number)").session.id) }
            let sessions = ids
            try await withThrowingTaskGroup(of: Int.self) { group in
                for round in 0..<20 {
                    group.addTask {
                        try await stores.sessions.renew(
                            round.isMultiple(of: 2) ? sessions : sessions.reversed(), now: stores.clock.now
                        ).count
                    }
                }
                for try await renewed in group { #expect(renewed == 20) }
            }
        }
    }
}
