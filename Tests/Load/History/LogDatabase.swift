import Foundation
import LogSeed
import Logging
import Postgres

/// History's database, as far as a load test looks into it itself.
struct LogDatabase: Sendable {
    private let postgres: Postgres

    init(url: String) throws {
        var configuration = try PostgresConfiguration(url: url)
        configuration.connections = 1
        configuration.statementTimeout = .seconds(7_200)
        var logger = Logger(label: "seed")
        logger.logLevel = .error
        self.postgres = Postgres(configuration, logger: logger)
    }

    /// Runs `body`, then closes the connections.
    static func with<T: Sendable>(_ url: String, _ body: (LogDatabase) async throws -> T) async throws -> T {
        let database = try LogDatabase(url: url)
        let result: Result<T, any Error>
        do {
            result = .success(try await body(database))
        } catch {
            result = .failure(error)
        }
        await database.close()
        return try result.get()
    }

    /// Fills an empty log.
    ///
    /// - Throws: ``RunError`` where some of its chatrooms are there already.
    func fill(_ log: LogSeed) async throws {
        guard try await self.taken(by: log) == 0 else {
            throw RunError("some of these chatrooms are there already; nothing was changed")
        }
        try await log.fill(self.postgres)
    }

    /// How many of a log's chatrooms are there.
    func taken(by log: LogSeed) async throws -> Int64 {
        try await self.postgres.one(
            """
            SELECT count(*) FROM history.chatroom_heads
            WHERE chatroom_id BETWEEN \(LogSeed.first) AND \(LogSeed.first + log.chatrooms - 1)
            """)
    }

    /// Of all chatrooms together.
    func entries() async throws -> Int64 {
        try await self.postgres.one("SELECT coalesce(sum(seq), 0)::bigint FROM history.chatroom_heads")
    }

    /// PostgreSQL's first process; `nil` where it is none of this machine.
    func processID() async throws -> Int32? {
        let backend: Int32 = try await self.postgres.one("SELECT pg_backend_pid()")
        guard ProcessUsage.name(of: backend)?.hasPrefix("postgres") == true else { return nil }
        return ProcessUsage.parent(of: backend)
    }

    func close() async { await self.postgres.close() }
}
