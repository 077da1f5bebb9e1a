internal import CLibpq
import Foundation
import Logging

/// Brings one schema up to date over a connection of its own, on a thread that may block: libpq's pipeline mode, in
/// which all others are, takes no texts of several commands.
struct Migrator: Sendable {
    let keywords: [String: String]
    let schema: String
    let migrations: [Migration]
    let logger: Logger

    func run(patience: Duration) async throws(PostgresError) {
        precondition(Set(self.migrations.map(\.name)).count == self.migrations.count, "two migrations have one name")
        let deadline = ContinuousClock.now + patience
        var backoff = Backoff()
        while true {
            do {
                return try await self.attempt()
            } catch {
                guard error.code == .unavailable, ContinuousClock.now < deadline else { throw error }
                self.logger.warning("no connection to PostgreSQL", metadata: ["reason": "\(error.message)"])
            }
            do { try await Task.sleep(for: backoff.next()) } catch { throw PostgresError(code: .cancelled) }
        }
    }

    private func attempt() async throws(PostgresError) {
        let result: Result<Void, PostgresError> = await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                do throws(PostgresError) {
                    try self.migrate()
                    continuation.resume(returning: .success(()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        try result.get()
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
        let rows = try connection.query("SELECT name, checksum FROM \(self.quotedSchema).migrations ORDER BY name")
        let applied = Dictionary(uniqueKeysWithValues: rows.map { ($0[0], $0[1]) })
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
