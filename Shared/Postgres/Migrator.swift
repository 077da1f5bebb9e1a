internal import CLibpq
import Foundation
import Logging

/// Brings one schema up to date over a connection of its own, on a thread that may block: libpq's pipeline mode, in
/// which all others are, takes no texts of several commands.
struct Migrator: Sendable {
    let keywords: [String: String]
    let schema: String
    let migrations: [Migration]
    /// How long a statement of a migration waits for a lock. While it waits, whatever comes after it to the same table
    /// waits too: rather give up, and try again a little later.
    var lockTimeout = Duration.seconds(3)
    let logger: Logger

    /// - Parameter patience: how long it is tried again where there is no connection, or no lock.
    func run(patience: Duration) async throws(PostgresError) {
        precondition(Set(self.migrations.map(\.name)).count == self.migrations.count, "two migrations have one name")
        let deadline = ContinuousClock.now + patience
        var backoff = Backoff()
        while true {
            do {
                return try await self.attempt { () throws(PostgresError) in try self.migrate() }
            } catch {
                guard error.code == .unavailable || error.code == .lockNotAvailable, ContinuousClock.now < deadline
                else {
                    throw error
                }
                self.logger.warning("not migrated yet", metadata: ["reason": "\(error.message)"])
            }
            do { try await Task.sleep(for: backoff.next()) } catch { throw PostgresError(code: .cancelled) }
        }
    }

    /// Which are still to run. Changes nothing, and takes no lock that could hold up anybody.
    func pending() async throws(PostgresError) -> [Migration] {
        try await self.attempt { () throws(PostgresError) in
            let connection = try BlockingConnection(self.keywords)
            let name = "\(self.quotedSchema).migrations"
            guard try connection.query("SELECT 1 WHERE to_regclass($1) IS NOT NULL", [name]).isEmpty == false else {
                return self.migrations
            }
            return try Self.pending(self.migrations, applied: self.applied(on: connection), logger: self.logger)
        }
    }

    /// On a thread of its own.
    private func attempt<T: Sendable>(
        _ work: @escaping @Sendable () throws(PostgresError) -> T
    ) async throws(PostgresError) -> T {
        let result: Result<T, PostgresError> = await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                do throws(PostgresError) {
                    continuation.resume(returning: .success(try work()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }

    private func applied(on connection: borrowing BlockingConnection) throws(PostgresError) -> [String: String] {
        let rows = try connection.query("SELECT name, checksum FROM \(self.quotedSchema).migrations ORDER BY name")
        return Dictionary(rows.map { ($0[0], $0[1]) }) { $1 }
    }

    /// Blocks.
    private func migrate() throws(PostgresError) {
        let connection = try BlockingConnection(self.keywords)
        // Held until the connection ends, so that of several processes one migrates and the others find it done.
        try connection.query("SELECT pg_advisory_lock(hashtextextended($1, 0))", ["teahouse.migrations.\(self.schema)"])
        // Looked for first: a service's role need not be allowed to make schemas.
        if try connection.query("SELECT 1 FROM pg_namespace WHERE nspname = $1", [self.schema]).isEmpty {
            try connection.run("CREATE SCHEMA \(self.quotedSchema)")
        }
        try connection.run(
            """
            CREATE TABLE IF NOT EXISTS \(self.quotedSchema).migrations (
                name text PRIMARY KEY,
                checksum text NOT NULL,
                applied_at timestamptz NOT NULL DEFAULT now()
            )
            """)
        // Only now: whoever waits for another process to migrate waits as long as that takes.
        try connection.run("SET lock_timeout = \(self.lockTimeout.milliseconds)")
        let applied = try self.applied(on: connection)
        for migration in try Self.pending(self.migrations, applied: applied, logger: self.logger) {
            try self.apply(migration, on: connection)
        }
    }

    private func apply(_ migration: Migration, on connection: borrowing BlockingConnection) throws(PostgresError) {
        do {
            try connection.run("BEGIN")
            try connection.run(migration.text)
            try connection.query(
                "INSERT INTO \(self.quotedSchema).migrations (name, checksum) VALUES ($1, $2)",
                [migration.name, migration.checksum])
            try connection.run("COMMIT")
        } catch {
            var told = error
            told.message = "migration \(migration.name): \(error.message)"
            throw told
        }
        self.logger.info("migrated", metadata: ["schema": "\(self.schema)", "migration": "\(migration.name)"])
    }

    private var quotedSchema: String { "\"" + self.schema.replacing("\"", with: "\"\"") + "\"" }

    /// Which are still to run, by the names and checksums of those that were.
    ///
    /// - Throws: `configuration` when one that was run has changed. One that was run and is not known here is only
    ///   warned of: a newer version of the program made it, and this one may still be running beside that.
    static func pending(
        _ migrations: [Migration], applied: [String: String], logger: Logger
    ) throws(PostgresError) -> [Migration] {
        for migration in migrations {
            guard let checksum = applied[migration.name], checksum != migration.checksum else { continue }
            throw PostgresError(
                code: .configuration, message: "migration \(migration.name) was edited after it had been applied")
        }
        let unknown = Set(applied.keys).subtracting(migrations.map(\.name)).sorted()
        if !unknown.isEmpty {
            logger.warning(
                "the database has migrations this version does not know",
                metadata: ["migrations": .array(unknown.map { .string($0) })])
        }
        return migrations.filter { applied[$0.name] == nil }
    }
}

/// A connection that blocks; closed when its variable ends.
private struct BlockingConnection: ~Copyable {
    private let pointer: OpaquePointer

    init(_ keywords: [String: String]) throws(PostgresError) { self.pointer = try Connector.connectBlocking(keywords) }

    deinit { PQfinish(self.pointer) }

    /// Any number of commands.
    func run(_ text: String) throws(PostgresError) { _ = try self.checked(PQexec(self.pointer, text)) }

    /// One command; its rows as texts, NULL as the empty one.
    @discardableResult
    func query(_ text: String, _ parameters: [String] = []) throws(PostgresError) -> [[String]] {
        let values = parameters.map { strdup($0) }
        defer { for value in values { free(value) } }
        let result = try self.checked(
            PQexecParams(
                self.pointer, text, Int32(values.count), nil, values.map { UnsafePointer($0) }, nil, nil, 0))
        return result.texts
    }

    private func checked(_ pointer: OpaquePointer?) throws(PostgresError) -> PostgresResult {
        guard let pointer else { throw PostgresError(code: .unavailable, message: "out of memory") }
        let result = PostgresResult(adopting: pointer)
        switch result.status {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: return result
        default:
            guard PQstatus(self.pointer) == CONNECTION_OK else {
                throw PostgresError(code: .unavailable, message: "the connection was lost")
            }
            throw result.error
        }
    }
}

extension PostgresResult {
    fileprivate var texts: [[String]] {
        let columns = self.columns.indices
        return (0..<self.rowCount).map { row in
            columns.map { column in
                self.bytes(row: row, column: column).map { String(decoding: $0, as: UTF8.self) } ?? ""
            }
        }
    }
}
