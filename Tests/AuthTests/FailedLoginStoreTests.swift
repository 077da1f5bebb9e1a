import Foundation
import Postgres
import Testing

@testable import Auth

struct FailedLoginStoreTests {
    @Test func `after five failures an account waits until the first of them is 15 minutes old`() async throws {
        try await withStores { stores in
            let failures = stores.failures
            let start = stores.clock.now
            for number in 0..<5 {
                let lock = try await failures.lock(account: "alice", address: "a\(number)", now: stores.clock.now)
                #expect(lock == nil)
                #expect(try await failures.add(account: "alice", address: "a\(number)", now: stores.clock.now) == nil)
                stores.clock.advance(by: .seconds(60))
            }
            let end = start + 15 * 60
            #expect(try await failures.lock(account: "alice", address: "b", now: stores.clock.now) == end)
            // What is refused does not count: nobody can be kept out for ever by trying on.
            #expect(try await failures.add(account: "alice", address: "b", now: stores.clock.now) == end)
            #expect(try await failures.lock(account: "bob", address: "b", now: stores.clock.now) == nil)
            #expect(try await failures.lock(account: "alice", address: "b", now: end) == nil)
        }
    }

    @Test func `after twenty failures an address waits, whatever the accounts`() async throws {
        try await withStores { stores in
            let failures = stores.failures
            for number in 0..<20 {
                let lock = try await failures.add(account: "user\(number)", address: "a", now: stores.clock.now)
                #expect(lock == nil)
            }
            #expect(try await failures.lock(account: "alice", address: "a", now: stores.clock.now) != nil)
            #expect(try await failures.lock(account: "user0", address: "b", now: stores.clock.now) == nil)
        }
    }

    @Test func `of fifty wrong passwords at once five are told that they were wrong`() async throws {
        try await withStores { stores in
            let told = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<50 {
                    group.addTask {
                        try await stores.failures.add(account: "alice", address: "a\(number)", now: stores.clock.now)
                            == nil
                    }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(told == 5)
        }
    }

    @Test func `the right password forgives the account, but not the address`() async throws {
        try await withStores(limits: LoginLimits(perAccount: 2, perAddress: 3)) { stores in
            for _ in 0..<2 { _ = try await stores.failures.add(account: "alice", address: "a", now: stores.clock.now) }
            try await stores.postgres.execute(FailedLoginStore.forgiveness(of: "alice"))
            #expect(try await stores.failures.lock(account: "alice", address: "a", now: stores.clock.now) == nil)
            _ = try await stores.failures.add(account: "bob", address: "a", now: stores.clock.now)
            #expect(try await stores.failures.lock(account: "carol", address: "a", now: stores.clock.now) != nil)
        }
    }

    @Test func `what counts no longer is removed by the failures that follow`() async throws {
        try await withStores { stores in
            for number in 0..<12 {
                _ = try await stores.failures.add(
                    account: "user\(number)", address: "a\(number)", now: stores.clock.now)
            }
            stores.clock.advance(by: .seconds(15 * 60))
            for number in 0..<2 {
                _ = try await stores.failures.add(account: "u\(number)", address: "b", now: stores.clock.now)
            }
            let left: Int? = try await stores.postgres.first("SELECT count(*) FROM auth.failed_logins")
            #expect(left == 2)
        }
    }
}
