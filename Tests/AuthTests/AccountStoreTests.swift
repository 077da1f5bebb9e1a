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

    @Test func `an address changes only with the password that was checked`() async throws {
        try await withStores { stores in
            let (alice, _) = try await stores.register("alice")
            let emails = EmailStore(postgres: stores.postgres)
            let codes = CodeStore(postgres: stores.postgres, limits: CodeLimits())
            let address = try #require(EmailAddress("alice@example.org"))
            let proof = ProvenCode(subject: .change(to: address, by: alice.id), hash: Data([1]))
            try await codes.keep(proof.hash, for: proof.subject, now: stores.clock.now)
            let entry = AuditEntry(action: .emailChanged, user: alice.id, at: stores.clock.now)
            // The password has been changed since: what was checked was that of version 1.
            let passwords = PasswordStore(postgres: stores.postgres, changes: stores.changes)
            let change = AuditEntry(action: .passwordChanged, user: alice.id, at: stores.clock.now)
            _ = try await passwords.replace(1, by: "y", keeping: nil, audit: change)
            await #expect(throws: AuthError.wrongPassword) {
                try await emails.change(address, provenBy: proof, after: 1, audit: entry)
            }
            #expect(try await stores.accounts.account(alice.id).email == nil)
            _ = try await emails.change(address, provenBy: proof, after: 2, audit: entry)
            #expect(try await stores.accounts.account(alice.id).email == "alice@example.org")
        }
    }

    @Test func `a second factor is set up and removed only with the password that was checked`() async throws {
        try await withStores { stores in
            let (alice, _) = try await stores.register("alice")
            let factors = SecondFactorStore(postgres: stores.postgres)
            let entry = AuditEntry(action: .secondFactorRemoved, user: alice.id, at: stores.clock.now)
            await #expect(throws: AuthError.wrongPassword) {
                try await factors.begin(Data([1]), recoveryCodes: [], for: alice.id, after: 2)
            }
            try await factors.begin(Data([1]), recoveryCodes: [], for: alice.id, after: 1)
            await #expect(throws: AuthError.wrongPassword) { try await factors.remove(after: 2, audit: entry) }
            #expect(try await factors.factor(of: alice.id) != nil)
            try await factors.remove(after: 1, audit: entry)
            #expect(try await factors.factor(of: alice.id) == nil)
        }
    }

    @Test func `a guess does the same work whether there is a code or not`() async throws {
        try await withStores { stores in
            let codes = CodeStore(postgres: stores.postgres, limits: CodeLimits(tries: 2))
            let address = try #require(EmailAddress("alice@example.org"))
            let known = CodeSubject.reset(of: UserID(1), at: address.key)
            try await codes.keep(Data([1]), for: known, now: stores.clock.now)
            for subject in [known, .reset(of: UserID(2), at: ""), .reset(ofNobody: "nobody")] {
                for tries in 1...4 {
                    let kept = try await codes.guess(at: subject, now: stores.clock.now)
                    #expect((kept == nil) == (tries > 2))
                    #expect(subject == known || kept != Data([1]))
                    let written: Int = try await stores.postgres.one(
                        "SELECT tries FROM auth.codes WHERE user_id = \(subject.userID)")
                    #expect(written == tries)
                }
            }
            // A new code is as good as if nobody had guessed.
            try await codes.keep(Data([2]), for: known, now: stores.clock.now)
            #expect(try await codes.guess(at: known, now: stores.clock.now) == Data([2]))
            stores.clock.advance(by: CodeLimits().lifetime)
            #expect(try await codes.guess(at: known, now: stores.clock.now) != Data([2]))
        }
    }
}
