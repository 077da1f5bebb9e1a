import ChatAPI
import Foundation
import Testing

@testable import Auth

struct ChangeStoreTests {
    @Test func `positions have no hole and no double, however many write at once`() async throws {
        try await withStores { stores in
            try await withThrowingTaskGroup { group in
                for number in 0..<20 {
                    group.addTask {
                        let (account, session) = try await stores.register("user\(number)")
                        _ = try await stores.sessions.revoke(session.id, of: account.id, now: stores.clock.now)
                    }
                }
                try await group.waitForAll()
            }
            let feed = try await stores.changes.changes(after: 0, limit: 100)
            #expect(feed.position == 40)
            #expect(feed.changes.map(\.position) == Array(1...40))
            #expect(stores.announced.all.sorted() == Array(1...40))
            let rest = try await stores.changes.changes(after: 38, limit: 1)
            #expect(rest.changes.map(\.position) == [39])
            #expect(rest.position == 40)
        }
    }

    @Test func `the snapshot has the keys, and those revocations whose tokens could still be shown`() async throws {
        try await withStores { stores in
            try await stores.changes.publish(jwks: #"{"keys":[1]}"#)
            let (alice, session) = try await stores.register("alice")
            try await stores.register("bob")
            let revoked = try #require(
                try await stores.sessions.revoke(session.id, of: alice.id, now: stores.clock.now))
            let snapshot = try await stores.changes.snapshot(now: stores.clock.now)
            #expect(snapshot.jwks == #"{"keys":[1]}"#)
            #expect(snapshot.revoked == [revoked])
            #expect(snapshot.position == 4)
            #expect(snapshot.epoch == (try await stores.changes.changes(after: 4, limit: 1).epoch))

            stores.clock.advance(by: .seconds(7 * 86_400))
            #expect(try await stores.changes.snapshot(now: stores.clock.now).revoked == [revoked])
            stores.clock.advance(by: .seconds(3_600))
            #expect(try await stores.changes.snapshot(now: stores.clock.now).revoked.isEmpty)
        }
    }

    @Test func `keys are in the feed when they change, and only then`() async throws {
        try await withStores { stores in
            try await stores.changes.publish(jwks: #"{"keys":[1]}"#)
            try await stores.changes.publish(jwks: #"{"keys":[1]}"#)
            try await stores.changes.publish(jwks: #"{"keys":[2]}"#)
            #expect(stores.announced.all == [1, 2])
            #expect(try await stores.change(at: 2) == .keys(jwks: #"{"keys":[2]}"#))
            #expect(try await stores.changes.jwks() == #"{"keys":[2]}"#)
        }
    }
}
