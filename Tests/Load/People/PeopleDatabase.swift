import Foundation
import Logging
import PeopleSeed
import Postgres

/// Auth's or Social's database, as far as a load test looks into it itself.
enum PeopleDatabase {
    /// Runs `body` with one connection, which may take its time.
    static func with<T: Sendable>(_ url: String, _ body: (Postgres) async throws -> T) async throws -> T {
        var configuration = try PostgresConfiguration(url: url)
        configuration.connections = 1
        configuration.statementTimeout = .seconds(7_200)
        var logger = Logger(label: "seed")
        logger.logLevel = .error
        let postgres = Postgres(configuration, logger: logger)
        let result: Result<T, any Error>
        do {
            result = .success(try await body(postgres))
        } catch {
            result = .failure(error)
        }
        await postgres.close()
        return try result.get()
    }

    /// PostgreSQL's first process; `nil` where it is none of this machine.
    static func processID(_ postgres: Postgres) async throws -> Int32? {
        let backend: Int32 = try await postgres.one("SELECT pg_backend_pid()")
        guard ProcessUsage.name(of: backend)?.hasPrefix("postgres") == true else { return nil }
        return ProcessUsage.parent(of: backend)
    }

    /// Makes the people, unless they are there.
    ///
    /// - Throws: ``RunError`` where others are.
    static func fill(_ seed: AuthSeed, in postgres: Postgres) async throws {
        try await Self.fill(postgres, "auth.users", expected: seed.sizes.users) { try await seed.fill(postgres) }
    }

    static func fill(_ seed: SocialSeed, in postgres: Postgres) async throws {
        try await Self.fill(postgres, "social.chatrooms", expected: seed.sizes.chatrooms) {
            try await seed.fill(postgres)
        }
    }

    private static func fill(
        _ postgres: Postgres, _ table: String, expected: Int64, _ body: () async throws -> Void
    ) async throws {
        let last: Int64 = try await postgres.one("SELECT coalesce(max(id), 0) FROM \(identifier: table)")
        if last == 0 { return try await body() }
        guard last >= expected else { throw RunError("the database holds other people than these") }
    }
}
