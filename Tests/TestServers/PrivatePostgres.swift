import Foundation
import Logging
import Postgres

/// A PostgreSQL server of a test's own, to be killed and started again.
package struct PrivatePostgres: Sendable {
    private let server: PrivateServer

    /// Starts a server with an empty data directory.
    ///
    /// - Parameter isDurable: whether it calls fsync, as it must for measurements.
    package static func start(isDurable: Bool = false) async throws -> PrivatePostgres {
        let server = try PrivateServer(.postgres, isDurable: isDurable)
        try await server.start()
        return PrivatePostgres(server: server)
    }

    /// For the superuser, who needs no password.
    package var url: String { self.url(database: "postgres") }

    package func url(database: String) -> String { "postgresql://postgres@127.0.0.1:\(self.server.port)/\(database)" }

    package func configuration() throws -> PostgresConfiguration { try PostgresConfiguration(url: self.url) }

    /// As a crash: SIGKILL to the server's first process; its others end by themselves.
    package func kill() async throws { try await self.server.kill() }

    /// Starts it again, with its data, on the same port.
    package func startAgain() async throws { try await self.server.start() }

    package func stop() async { await self.server.stop() }

    /// Starts a streaming replica of it.
    package func replica() async throws -> PrivatePostgres {
        let server = try PrivateServer(.postgres)
        try await server.copyData(of: self.server.port)
        try await server.start()
        return PrivatePostgres(server: server)
    }

    /// It hangs, with all its connections, until it is told to go on.
    package func hang() async throws { try await self.server.signal(SIGSTOP) }

    package func goOn() async throws { try await self.server.signal(SIGCONT) }
}

/// Runs `body` with a fresh database, migrated.
///
/// All tests of a process share one server, or that of `TEST_POSTGRES_URL`, whose user may create databases; what they are
/// copied from stays there.
///
/// - Parameters:
///   - schema: what `migrations` make.
///   - configure: changes how the connections are used.
package func withPostgres<T: Sendable>(
    schema: String = "test", migrations: [Migration] = [],
    configure: (inout PostgresConfiguration) -> Void = { _ in },
    isolation: isolated (any Actor)? = #isolation,
    _ body: (Postgres) async throws -> T
) async throws -> T {
    try await withDatabase(migrated: (schema, migrations)) { url in
        var configuration = try PostgresConfiguration(url: url)
        configure(&configuration)
        let postgres = Postgres(configuration, logger: .tests)
        let result: Result<T, any Error>
        do {
            result = .success(try await body(postgres))
        } catch {
            result = .failure(error)
        }
        await postgres.close()
        return try result.get()
    }
}

/// Runs `body` with the URL of a fresh database, empty or migrated.
package func withDatabase<T: Sendable>(
    migrated: (schema: String, migrations: [Migration]) = ("", []), isolation: isolated (any Actor)? = #isolation,
    _ body: (String) async throws -> T
) async throws -> T {
    let shared = try await SharedPostgres.shared.enter()
    let name = SharedPostgres.newName()
    let result: Result<T, any Error>
    do {
        let template = try await SharedPostgres.shared.template(migrated.schema, migrated.migrations)
        try await shared.postgres.execute("CREATE DATABASE \(identifier: name) TEMPLATE \(identifier: template)")
        result = .success(try await body(try shared.url(database: name)))
    } catch {
        result = .failure(error)
    }
    // A private server is thrown away as a whole, and dropping takes it longer than creating.
    if shared.server == nil { _ = try? await shared.postgres.execute("DROP DATABASE \(identifier: name) WITH (FORCE)") }
    await SharedPostgres.shared.leave()
    return try result.get()
}

extension Logger {
    /// What tests log: warnings and errors, on standard error.
    package static var tests: Logger {
        var logger = Logger(label: "tests", factory: { StreamLogHandler.standardError(label: $0) })
        logger.logLevel = .error
        return logger
    }
}

/// The one server of this test process.
private actor SharedPostgres {
    static let shared = SharedPostgres()

    struct Access: Sendable {
        /// Kept, since the server ends with it.
        let server: PrivatePostgres?
        let url: String
        /// Creates and drops the tests' databases.
        let postgres: Postgres

        func url(database: String) throws -> String {
            guard var parts = URLComponents(string: self.url) else {
                throw TestServerError(message: "TEST_POSTGRES_URL is no URL")
            }
            parts.path = "/\(database)"
            guard let url = parts.string else { throw TestServerError(message: "TEST_POSTGRES_URL is no URL") }
            return url
        }
    }

    private var starting: Task<Access, any Error>?
    private var templates: [String: Task<String, any Error>] = [:]
    /// How many more databases may be in use. Tests start all at once; servers have only so many connections, and those with
    /// too little of a core do not answer in time.
    private var places = max(4, 2 * ProcessInfo.processInfo.activeProcessorCount)
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// Waits for a place, which ``leave()`` gives back.
    func enter() async throws -> Access {
        if self.places > 0 {
            self.places -= 1
        } else {
            await withCheckedContinuation { self.waiting.append($0) }
        }
        return try await self.access()
    }

    func leave() {
        if self.waiting.isEmpty { self.places += 1 } else { self.waiting.removeFirst().resume() }
    }

    static func newName() -> String { "test_\(UUID().uuidString.lowercased().replacing("-", with: ""))" }

    /// The name of a database in which the migrations are done, to be copied.
    func template(_ schema: String, _ migrations: [Migration]) async throws -> String {
        guard !migrations.isEmpty else { return "template1" }
        let key = schema + migrations.map { $0.name + $0.text }.joined()
        let making =
            self.templates[key]
            ?? Task {
                let shared = try await self.access()
                let name = Self.newName()
                try await shared.postgres.execute("CREATE DATABASE \(identifier: name)")
                let postgres = Postgres(
                    try PostgresConfiguration(url: try shared.url(database: name)), logger: .tests)
                let result: Result<String, any Error>
                do {
                    try await postgres.migrate(schema: schema, migrations)
                    result = .success(name)
                } catch {
                    result = .failure(error)
                }
                // A database that somebody uses is not copied.
                await postgres.close()
                return try result.get()
            }
        self.templates[key] = making
        return try await making.value
    }

    private func access() async throws -> Access {
        let starting =
            self.starting
            ?? Task {
                let given = ProcessInfo.processInfo.environment["TEST_POSTGRES_URL"]
                let server = given == nil ? try await PrivatePostgres.start() : nil
                guard let url = given ?? server?.url else { preconditionFailure("one of them is there") }
                var configuration = try PostgresConfiguration(url: url)
                configuration.connections = 1
                configuration.pipelineDepth = 1
                // Many tests at once make many databases, one after the other.
                configuration.queueTimeout = .seconds(120)
                configuration.statementTimeout = .seconds(60)
                return Access(server: server, url: url, postgres: Postgres(configuration, logger: .tests))
            }
        self.starting = starting
        return try await starting.value
    }
}
