import Foundation
import Logging
import Postgres
import Synchronization
import TestServers
import Testing

/// Servers that are killed, and sessions that are ended.
struct OutageTests {
    @Test func `a killed server costs what was under way, and all works when it is back`() async throws {
        let server = try await PrivatePostgres.start()
        var configuration = try server.configuration()
        configuration.connections = 1
        configuration.queueTimeout = .seconds(60)
        let postgres = Postgres(configuration, logger: .tests)
        try await postgres.execute("CREATE TABLE t (x int)")
        try await postgres.transaction { try await $0.execute("INSERT INTO t VALUES (0)") }
        #expect(postgres.isReady)

        // The second waits in the pipeline behind the first.
        let interrupted = (0..<2).map { _ in Task { try await postgres.execute("SELECT pg_sleep(30)") } }
        let inTransaction = Task {
            try await postgres.transaction { transaction in
                try await transaction.execute("INSERT INTO t VALUES (1)")
                try await transaction.execute("SELECT pg_sleep(30)")
            }
        }
        try await awaitSleepers(2, at: server.url)
        try await server.kill()
        for task in interrupted {
            let error = await #expect(throws: PostgresError.self) { try await task.value }
            #expect(error?.code == .outcomeUnknown)
        }
        let error = await #expect(throws: PostgresError.self) { try await inTransaction.value }
        #expect(error?.code == .unavailable)
        #expect(!postgres.isReady)

        // These wait, and are answered when the server is back; nothing is started anew on this side.
        async let waited: [Int] = postgres.all("SELECT x FROM t")
        async let begun: Int = postgres.transaction { try await $0.one("SELECT count(*) FROM t") }
        try await server.startAgain()
        let rows = try await waited
        #expect(rows == [0])
        let count = try await begun
        #expect(count == 1)
        #expect(postgres.isReady)
        await postgres.close()
        await server.stop()
    }

    @Test func `with no server statements fail as unavailable, in time, and work when it comes`() async throws {
        let server = try await PrivatePostgres.start()
        try await server.kill()
        var configuration = try server.configuration()
        configuration.queueTimeout = .milliseconds(200)
        let postgres = Postgres(configuration, logger: .silent)
        let error = await #expect(throws: PostgresError.self) { try await postgres.execute("SELECT 1") }
        #expect(error?.code == .unavailable)
        let other = await #expect(throws: PostgresError.self) { try await postgres.transaction { _ in } }
        #expect(other?.code == .unavailable)
        let migration = await #expect(throws: PostgresError.self) {
            try await postgres.migrate(schema: "app", [], patience: .zero)
        }
        #expect(migration?.code == .unavailable)

        async let migrated: Void = postgres.migrate(schema: "app", [])
        try await server.startAgain()
        try await migrated
        while !postgres.isReady { await Task.yield() }
        try await postgres.execute("SELECT 1")
        await postgres.close()
        await server.stop()
    }

    @Test func `ended sessions are replaced, and statements not yet sent do not notice`() async throws {
        try await withDatabase { url in
            var configuration = try PostgresConfiguration(url: url)
            configuration.pipelineDepth = 1
            let postgres = Postgres(configuration, logger: .silent)
            try await postgres.transaction { try await $0.execute("SELECT 1") }
            let terminated = Task { try await postgres.execute("SELECT pg_sleep(30)") }
            try await awaitSleepers(1, at: url)
            async let waiting: Int = withThrowingTaskGroup { group in
                for number in 0..<100 { group.addTask { try await postgres.one("SELECT \(number)") as Int } }
                return try await group.reduce(0, +)
            }
            // All sessions but the one that does it, of which one is asleep, and one or more are idle.
            try await postgres.execute(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()
                """)
            let error = await #expect(throws: PostgresError.self) { try await terminated.value }
            #expect(error?.code == .outcomeUnknown)
            let sum = try await waiting
            #expect(sum == 4_950)
            // The idle connection for transactions was one of them.
            let one: Int = try await postgres.transaction { try await $0.one("SELECT 1") }
            #expect(one == 1)
            await postgres.close()
        }
    }

    @Test func `a transaction whose session is ended is told so, and left nothing`() async throws {
        try await withPostgres { postgres in
            try await postgres.execute("CREATE TABLE t (x int)")
            let error = await #expect(throws: PostgresError.self) {
                try await postgres.transaction { transaction in
                    try await transaction.execute("INSERT INTO t VALUES (1)")
                    let pid: Int32 = try await transaction.one("SELECT pg_backend_pid()")
                    try await postgres.execute("SELECT pg_terminate_backend(\(pid))")
                    try await transaction.execute("INSERT INTO t VALUES (2)")
                }
            }
            #expect(error?.code == .unavailable)
            let count: Int = try await postgres.one("SELECT count(*) FROM t")
            #expect(count == 0)
        }
    }

    @Test func `after close statements fail, and what was under way has been answered`() async throws {
        try await withDatabase { url in
            let postgres = Postgres(try PostgresConfiguration(url: url), logger: .tests)
            try await postgres.execute("SELECT 1")
            let underWay = Task { try await postgres.execute("SELECT pg_sleep(1)") }
            try await awaitSleepers(1, at: url)
            await postgres.close()
            let affected = try await underWay.value
            #expect(affected == 1)
            let error = await #expect(throws: PostgresError.self) { try await postgres.execute("SELECT 1") }
            #expect(error?.code == .unavailable)
            #expect(!postgres.isReady)
            await postgres.close()
        }
    }

    @Test func `no password is in an error, a log line or a description`() async throws {
        let server = try await PrivatePostgres.start()
        let log = LogText()
        var logger = Logger(label: "test", factory: { _ in log })
        logger.logLevel = .trace
        let url = server.url.replacing("postgres@", with: "postgres:hunter2@").replacing("/postgres", with: "/absent")
        var configuration = try PostgresConfiguration(url: url)
        configuration.queueTimeout = .milliseconds(200)
        let postgres = Postgres(configuration, logger: logger)
        let error = await #expect(throws: PostgresError.self) { try await postgres.execute("SELECT 1") }
        await postgres.close()
        var dumped = ""
        dump(configuration, to: &dumped)
        let malformed = #expect(throws: PostgresError.self) {
            try PostgresConfiguration(url: "postgresql://u:hunter2@host/?nonsense=1")
        }
        let everything = [
            error.map { "\($0)" } ?? "", malformed.map { "\($0)" } ?? "", "\(configuration)",
            String(reflecting: configuration), dumped, log.text,
        ].joined()
        #expect(log.text.contains("absent"))
        #expect(!everything.contains("hunter2"))
        await server.stop()
    }
}

extension Logger {
    fileprivate static var silent: Logger { Logger(label: "silent", factory: { _ in SwiftLogNoOpLogHandler() }) }
}

/// Keeps what is logged.
private final class LogText: LogHandler, Sendable {
    private let lines = Mutex("")
    var text: String { self.lines.withLock(\.self) }
    var logLevel: Logger.Level {
        get { .trace }
        set {}
    }
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) {
        self.lines.withLock { $0 += "\(event.message) \(event.metadata ?? [:])\n" }
    }
}
