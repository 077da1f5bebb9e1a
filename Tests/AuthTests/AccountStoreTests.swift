import ChatAPI
import Foundation
import Postgres
import Testing

@testable import Auth

struct AccountStoreTests {
    @Test func `of 20 registrations of one name at once, whatever its case, one makes a user`() async throws {
        try await withStores { stores in
            let made = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        let name = try #require(Username(number.isMultiple(of: 2) ? "alice" : "ALICE"))
                        return try await stores.accounts.register(
                            name, hash: "h\(number)", nickname: "a", now: stores.clock.now, key: nil
                        ) { stores.sessions.new(user: $0, device: nil, address: "192.0.2.1", now: stores.clock.now) }
                            != nil
                    }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(made == 1)
            let users: Int? = try await stores.postgres.first("SELECT count(*) FROM auth.users")
            let sessions: Int? = try await stores.postgres.first("SELECT count(*) FROM auth.sessions")
            #expect(users == 1)
            #expect(sessions == 1)
            #expect(try await stores.changes.changes(after: 0, limit: 50).changes.count == 1)
        }
    }

    @Test func `a registration that comes again with its key finds the same user and session, another key does not`()
        async throws
    {
        try await withStores { stores in
            let name = try #require(Username("alice"))
            let key = UUID()
            func register(_ key: UUID?) async throws -> (credentials: AccountStore.Credentials, session: Session)? {
                try await stores.accounts.register(
                    name, hash: UUID().uuidString, nickname: "a", now: stores.clock.now, key: key
                ) { stores.sessions.new(user: $0, device: nil, address: "192.0.2.1", now: stores.clock.now) }
            }
            let first = try #require(try await register(key))
            let second = try #require(try await register(key))
            #expect(second.credentials.account == first.credentials.account)
            #expect(second.credentials.hash == first.credentials.hash)
            #expect(second.session == first.session)
            #expect(try await register(UUID()) == nil)
            #expect(try await register(nil) == nil)
        }
    }

    @Test func `a change of the profile is in the feed and keeps what was not given`() async throws {
        try await withStores { stores in
            let alice = try await stores.register("alice").account
            var changed = try await stores.accounts.update(
                alice.id, with: ProfileChange(nickname: "爱丽丝", avatar: "/api/media/files/1/a.png"))
            #expect(changed.nickname == "爱丽丝")
            #expect(try await stores.change(at: 2) == .profile(changed.profile))
            changed = try await stores.accounts.update(alice.id, with: ProfileChange(bio: "tea"))
            #expect(changed.bio == "tea")
            #expect(changed.avatar == "/api/media/files/1/a.png")
            changed = try await stores.accounts.update(alice.id, with: ProfileChange(avatar: .some(nil)))
            #expect(changed.avatar == nil)
            // A bio is not part of the profile that others keep.
            #expect(stores.announced.all == [1, 2, 3])
        }
    }

    @Test func `who does not exist has no account to read or change`() async throws {
        try await withStores { stores in
            await #expect(throws: AuthError.userNotFound) { try await stores.accounts.account(UserID(7)) }
            await #expect(throws: AuthError.userNotFound) {
                try await stores.accounts.update(UserID(7), with: ProfileChange(nickname: "x"))
            }
            #expect(stores.announced.all.isEmpty)
        }
    }

    @Test func `a hash is replaced only if it is still the one that was checked`() async throws {
        try await withStores { stores in
            let alice = try await stores.register("alice").account
            try await stores.accounts.rehash(alice.id, from: "another", to: "y")
            #expect(try await stores.accounts.credentials(of: "ALICE")?.hash == "x")
            try await stores.accounts.rehash(alice.id, from: "x", to: "y")
            #expect(try await stores.accounts.credentials(of: "Alice")?.hash == "y")
        }
    }
}
