import IOThread
import Logging
import ServiceLifecycle
import Synchronization

/// A database, used from any task: each statement alone, several as one, or in a transaction.
///
/// Connects by itself, and again when the connection was lost; meanwhile statements wait, for a bounded time. Those
/// alone and in groups share a few connections, pipelined: none waits for the answer to the one before it. All work on
/// sockets is the I/O thread's. As a `Service` it ends with its group; it works before that too.
package final class Postgres: PostgresQuerying, Service {
    private let configuration: PostgresConfiguration
    private let logger: Logger
    private let monitor: Monitor
    private let connections: IOThreadBound<Connections>
    private let incoming = Mutex<[Segment]>([])
    private let lastID = Atomic<UInt64>(0)

    package init(_ configuration: PostgresConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        let monitor = Monitor(configuration, logger: logger)
        self.monitor = monitor
        let connections = IOThreadBound(Connections(configuration, monitor: monitor))
        self.connections = connections
        IOThread.shared.execute { connections.value.shared.start() }
    }

    deinit {
        let connections = self.connections
        IOThread.shared.execute { connections.value.close() }
    }

    /// Whether a shared connection is open.
    package var isReady: Bool { self.monitor.isReady }

    package func rows(_ sql: SQL) async throws(PostgresError) -> PostgresRows {
        guard let rows = try await self.group([sql]).first else {
            preconditionFailure("a group that succeeds has an answer to each statement")
        }
        return rows
    }

    /// Runs statements as one: in one round trip, in one transaction, all of them or none.
    ///
    /// Each sees what those before it did and, under READ COMMITTED, a snapshot of its own.
    ///
    /// - Returns: the answer to each.
    @discardableResult
    package func group(_ statements: [SQL]) async throws(PostgresError) -> [PostgresRows] {
        if Task.isCancelled { throw PostgresError(code: .cancelled) }
        let id = self.nextID()
        let connections = self.connections
        let prepared = statements.map(Segment.Statement.init)
        let start = ContinuousClock.now
        let answer = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                self.submit(Segment(id: id, statements: prepared, resume: { continuation.resume(returning: $0) }))
            }
        } onCancel: {
            IOThread.shared.execute { connections.value.shared.cancel(id) }
        }
        return try self.told(answer, since: start)
    }

    /// Runs `body` between BEGIN and COMMIT on a connection of its own; when it throws, or its task is cancelled,
    /// ROLLBACK. For what must ask and think between its statements; where a ``group(_:)`` will do, use that.
    ///
    /// - Throws: what `body` throws, and ``PostgresError``: `misuse` inside another transaction of this database,
    ///   `outcomeUnknown` when the connection is lost during COMMIT.
    @discardableResult
    package func transaction<T: Sendable>(
        isolation: isolated (any Actor)? = #isolation, _ body: (PostgresTransaction) async throws -> T
    ) async throws -> T {
        try await self.recordingTransaction(body).value
    }

    /// As ``transaction(isolation:_:)``, and also tells the position of what ``PostgresTransaction/record(_:in:)`` has
    /// recorded; `nil` if nothing was.
    @discardableResult
    package func recordingTransaction<T: Sendable>(
        isolation: isolated (any Actor)? = #isolation, _ body: (PostgresTransaction) async throws -> T
    ) async throws -> (value: T, position: Int64?) {
        if let outer = PostgresTransaction.current, outer.database === self.connections, !outer.hasEnded {
            throw PostgresError(code: .misuse, message: "a transaction inside another of the same database")
        }
        let transaction = try await self.begin()
        let value: T
        do {
            value = try await PostgresTransaction.$current.withValue(transaction) { try await body(transaction) }
            if Task.isCancelled { throw PostgresError(code: .cancelled) }
        } catch {
            await transaction.rollback()
            throw error
        }
        return (value, try await transaction.commit())
    }

    /// Brings `schema` up to date: runs those of `migrations` that were not run, in order, each in a transaction.
    ///
    /// Several processes may do so at once. While the database cannot be reached, or a table is locked, it tries again, up
    /// to `patience`.
    ///
    /// - Throws: `configuration` when a migration that was run has another text now; then nothing is changed.
    package func migrate(
        schema: String, _ migrations: [Migration], patience: Duration = .seconds(60),
        lockTimeout: Duration = .seconds(3)
    ) async throws(PostgresError) {
        try await self.migrator(schema, migrations, lockTimeout: lockTimeout).run(patience: patience)
    }

    /// Those of `migrations` that were not run yet.
    ///
    /// - Throws: as ``migrate(schema:_:patience:lockTimeout:)``.
    package func pending(schema: String, _ migrations: [Migration]) async throws(PostgresError) -> [Migration] {
        try await self.migrator(schema, migrations).pending()
    }

    private func migrator(
        _ schema: String, _ migrations: [Migration], lockTimeout: Duration = .seconds(3)
    ) -> Migrator {
        Migrator(
            keywords: self.configuration.keywords(timeouts: false), schema: schema, migrations: migrations,
            lockTimeout: lockTimeout, logger: self.logger)
    }

    /// Until graceful shutdown, then ``close()``.
    package func run() async throws {
        try? await gracefulShutdown()
        await self.close()
    }

    /// Lets what is under way finish, for a bounded time, then closes every connection. What comes later fails.
    package func close() async {
        let connections = self.connections
        await withCheckedContinuation { continuation in
            IOThread.shared.execute { connections.value.close(gracefully: { continuation.resume() }) }
        }
    }

    // MARK: To the I/O thread

    private func nextID() -> UInt64 { self.lastID.add(1, ordering: .relaxed).newValue }

    /// Hands a segment over. Those handed over before the thread takes them go together.
    private func submit(_ segment: Segment) {
        let isFirst = self.incoming.withLock { incoming in
            incoming.append(segment)
            return incoming.count == 1
        }
        guard isFirst else { return }
        IOThread.shared.execute {
            let segments = self.incoming.withLock { incoming in
                defer { incoming = [] }
                return incoming
            }
            let connections = self.connections.value
            connections.shared.submit(segments)
            connections.watchTheClock()
        }
    }

    private func told(_ answer: Segment.Answer, since start: ContinuousClock.Instant) throws(PostgresError)
        -> [PostgresRows]
    {
        let duration = ContinuousClock.now - start
        switch answer {
        case .success(let rows):
            self.monitor.answered(nil, after: duration)
            return rows
        case .failure(let error):
            self.monitor.answered(error, after: duration)
            throw error
        }
    }

    // MARK: Transactions

    /// BEGIN changes nothing, so that one which failed with its connection is tried again on another.
    private func begin() async throws(PostgresError) -> PostgresTransaction {
        let deadline = ContinuousClock.now + self.configuration.queueTimeout
        while true {
            let transaction = PostgresTransaction(try await self.borrow(), database: self.connections)
            do {
                try await transaction.begin()
                return transaction
            } catch {
                transaction.giveBack()
                let isLost = error.code == .outcomeUnknown || error.code == .unavailable
                guard isLost, ContinuousClock.now < deadline else { throw error }
            }
        }
    }

    private func borrow() async throws(PostgresError) -> IOThreadBound<PostgresConnection> {
        if Task.isCancelled { throw PostgresError(code: .cancelled) }
        let id = self.nextID()
        let connections = self.connections
        let lent: Result<IOThreadBound<PostgresConnection>, PostgresError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                IOThread.shared.execute {
                    connections.value.exclusive.borrow(id: id) { continuation.resume(returning: $0) }
                    connections.value.watchTheClock()
                }
            }
        } onCancel: {
            IOThread.shared.execute { connections.value.exclusive.cancel(id) }
        }
        return try lent.get()
    }
}
