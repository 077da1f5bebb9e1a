import IOThread
import Synchronization

/// What the body of ``Postgres/transaction(isolation:_:)`` runs its statements on: one connection, between BEGIN and
/// COMMIT. After an error PostgreSQL refuses further statements, and the transaction ends in a ROLLBACK.
package final class PostgresTransaction: PostgresQuerying {
    /// The innermost one around this task.
    @TaskLocal static var current: PostgresTransaction?

    let database: IOThreadBound<Connections>
    private let connection: IOThreadBound<PostgresConnection>
    private let state = Mutex(State())

    private struct State {
        var hasEnded = false
        var recorded: [JSON] = []
        var feed: ChangeFeed?
    }

    init(_ connection: IOThreadBound<PostgresConnection>, database: IOThreadBound<Connections>) {
        self.connection = connection
        self.database = database
    }

    var hasEnded: Bool { self.state.withLock(\.hasEnded) }

    package func rows(_ sql: SQL) async throws(PostgresError) -> PostgresRows {
        guard !self.hasEnded else { throw PostgresError(code: .misuse, message: "the transaction has ended") }
        do {
            guard let rows = try await self.send([sql]).first else {
                preconditionFailure("a segment that succeeds has an answer to each statement")
            }
            return rows
        } catch {
            guard error.code == .outcomeUnknown else { throw error }
            // What is lost before COMMIT was never there.
            throw PostgresError(code: .unavailable, sqlState: error.sqlState, message: error.message)
        }
    }

    /// Appends `changes` to `feed` in this transaction. They are kept until the body returns and sent together with
    /// COMMIT, since the feed's counter stays locked from there until the commit.
    ///
    /// - Throws: ``PostgresError/Code/misuse`` when another feed was recorded in before, or after the end.
    package func record(_ changes: [JSON], in feed: ChangeFeed) throws(PostgresError) {
        let isFine = self.state.withLock { state in
            guard !state.hasEnded, state.feed == nil || state.feed == feed else { return false }
            state.feed = feed
            state.recorded += changes
            return true
        }
        guard isFine else {
            throw PostgresError(code: .misuse, message: "a transaction records in one feed, before its end")
        }
    }

    // MARK: Used by Postgres

    func begin() async throws(PostgresError) { _ = try await self.send(["BEGIN"]) }

    /// - Returns: the position of the last change recorded.
    func commit() async throws(PostgresError) -> Int64? {
        let (feed, recorded) = self.state.withLock { state in
            state.hasEnded = true
            return (state.feed, state.recorded)
        }
        var statements: [SQL] = ["COMMIT"]
        if let feed, !recorded.isEmpty { statements.insert(feed.appending(recorded), at: 0) }
        let answers: [PostgresRows]
        do {
            answers = try await self.send(statements)
        } catch {
            await self.rollback()
            throw error
        }
        self.giveBack()
        // PostgreSQL answers COMMIT with ROLLBACK when a statement had failed and the body went on all the same.
        guard answers.last?.command == "COMMIT" else {
            throw PostgresError(code: .sqlState("25P02"), message: "a statement failed, so all was rolled back")
        }
        return try statements.count == 2 ? answers[0].decodeFirst() : nil
    }

    func rollback() async {
        self.state.withLock { $0.hasEnded = true }
        // A connection on which this fails is not idle, and is closed.
        _ = try? await self.send(["ROLLBACK"])
        self.giveBack()
    }

    func giveBack() {
        let (database, connection) = (self.database, self.connection)
        IOThread.shared.execute { database.value.exclusive.giveBack(connection.value) }
    }

    /// Not cut short by cancellation: what was sent is waited for, so that its outcome is known.
    private func send(_ statements: [SQL]) async throws(PostgresError) -> [PostgresRows] {
        let connection = self.connection
        let prepared = statements.map(Segment.Statement.init)
        let answer: Segment.Answer = await withCheckedContinuation { continuation in
            IOThread.shared.execute {
                connection.value.send(
                    Segment(id: 0, statements: prepared, resume: { continuation.resume(returning: $0) }))
                connection.value.flush()
            }
        }
        return try answer.get()
    }
}
