import ChatAPI
import Foundation
import Postgres
import Synchronization
import TestServers
import Testing

@testable import Auth

/// A clock that stands until a test moves it.
final class TestClock: Sendable {
    private let time = Mutex(Date(timeIntervalSince1970: 1_800_000_000))

    var now: Date { self.time.withLock { $0 } }

    func advance(by duration: Duration) { self.time.withLock { $0 += duration.seconds } }
}

/// The stores on a database of the test's own.
struct Stores: Sendable {
    let postgres: Postgres
    let clock = TestClock()
    let accounts: AccountStore
    let sessions: SessionStore
    let profiles: ProfileStore
    let failures: FailedLoginStore
    let changes: ChangeStore
    /// The positions that were announced.
    let announced: Announcements

    final class Announcements: Sendable {
        private let positions = Mutex<[Int64]>([])
        var all: [Int64] { self.positions.withLock { $0 } }
        func add(_ position: Int64) { self.positions.withLock { $0.append(position) } }
    }

    init(postgres: Postgres, life: SessionLife = SessionLife(), limits: LoginLimits = LoginLimits()) {
        let announced = Announcements()
        self.announced = announced
        self.postgres = postgres
        self.changes = ChangeStore(postgres: postgres) { announced.add($0) }
        self.accounts = AccountStore(postgres: postgres, changes: self.changes)
        self.sessions = SessionStore(postgres: postgres, changes: self.changes, life: life)
        self.profiles = ProfileStore(postgres: postgres)
        self.failures = FailedLoginStore(postgres: postgres, limits: limits)
    }

    /// A new user with a session. The hash is no hash: no password fits it.
    @discardableResult
    func register(_ name: String, nickname: String? = nil) async throws -> (account: Account, session: Session) {
        let registered = try await self.accounts.register(
            try #require(Username(name)), hash: "x", nickname: nickname ?? name, now: self.clock.now, key: nil
        ) { self.sessions.new(user: $0, device: nil, address: "192.0.2.1", now: self.clock.now) }
        let (credentials, session) = try #require(registered)
        return (credentials.account, session)
    }

    func change(at position: Int64) async throws -> AuthChange? {
        try await self.changes.changes(after: position - 1, limit: 1).changes.first?.what
    }
}

func withStores(
    life: SessionLife = SessionLife(), limits: LoginLimits = LoginLimits(), _ body: (Stores) async throws -> Void
) async throws {
    try await withPostgres(schema: "auth", migrations: AuthService.migrations) { postgres in
        try await body(Stores(postgres: postgres, life: life, limits: limits))
    }
}
