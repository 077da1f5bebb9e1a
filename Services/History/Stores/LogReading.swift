import Foundation
import Logging
import Metrics
import Postgres
import ServiceKit
import Synchronization

/// Reads what people look at: from a replica that is not behind, else from the primary.
///
/// A replica is not behind when it has replayed what was on the primary's disk after the question had come, in the same
/// epoch. PostgreSQL tells nobody of a commit before it is on disk. So whatever anybody was told before they asked is in the
/// answer, of whichever server it is: messages, recalls, read cursors, and who may read.
struct LogReading: PostgresQuerying {
    let primary: Postgres
    /// `nil` where there are none.
    let replicas: ReadReplicas?

    func rows(_ sql: SQL) async throws(PostgresError) -> PostgresRows {
        if let rows = await self.replicas?.rows(sql) { return rows }
        return try await self.primary.rows(sql)
    }
}

/// The replicas of one database. They take turns; one that is away, or was found behind, is passed over for a while.
///
/// A `final class` with an atomic: requests ask on many threads.
final class ReadReplicas: Sendable {
    /// How long a replica may take to catch up with the primary. It is mostly a few milliseconds behind.
    private static let patience = Duration.milliseconds(50)

    private let replicas: [ReadReplica]
    private let place: Batcher<Void, PrimaryPlace>
    private let turn = Atomic<Int>(0)
    private let fromPrimary = Counter(label: "history_reads", dimensions: [("from", "primary")])
    private let fromReplica = Counter(label: "history_reads", dimensions: [("from", "replica")])

    /// - Returns: `nil` where `replicas` is empty.
    init?(_ replicas: [Postgres], of primary: Postgres, logger: Logger) {
        if replicas.isEmpty { return nil }
        self.replicas = replicas.enumerated().map { ReadReplica("\($0.offset + 1)", $0.element, logger: logger) }
        // Many questions, one look; one that is under way already may be too old.
        self.place = Batcher(name: "primary_place") { askers in
            let place = try await PrimaryPlace(of: primary)
            return askers.map { place }
        }
    }

    /// - Returns: `nil` where no replica can answer now, or PostgreSQL refuses: then the primary is to be asked.
    func rows(_ sql: SQL) async -> PostgresRows? {
        guard let replica = self.next(), let place = try? await self.place.submit(()),
            let rows = await replica.rows(sql, at: place, within: Self.patience)
        else {
            self.fromPrimary.increment()
            return nil
        }
        self.fromReplica.increment()
        return rows
    }

    private func next() -> ReadReplica? {
        let first = Int(self.turn.wrappingAdd(1, ordering: .relaxed).oldValue.magnitude % UInt(self.replicas.count))
        return (self.replicas[first...] + self.replicas[..<first]).first { $0.isWilling }
    }
}

/// Where the primary is: in which epoch, and up to where its log is on disk.
struct PrimaryPlace: Sendable {
    let epoch: UUID
    let flushed: String

    init(of primary: Postgres) async throws(PostgresError) {
        (self.epoch, self.flushed) = try await primary.one(
            "SELECT epoch, pg_current_wal_flush_lsn()::text FROM history.epochs")
    }
}

/// One replica, and whether it is worth asking. A `final class` with a `Mutex`, as its requests are on many threads.
private final class ReadReplica: Sendable {
    /// How long one that did not answer well is passed over; then one question tries it.
    private static let rest = Duration.seconds(1)

    /// For logs.
    private let name: String
    private let postgres: Postgres
    private let logger: Logger
    /// Until when it is passed over; `nil`: it answers well.
    private let resting = Mutex<ContinuousClock.Instant?>(nil)

    init(_ name: String, _ postgres: Postgres, logger: Logger) {
        self.name = name
        self.postgres = postgres
        self.logger = logger
    }

    /// Whether the next question may go to it. Of many after its rest the first one may.
    var isWilling: Bool {
        guard self.postgres.isReady else { return false }
        return self.resting.withLock { resting in
            guard let until = resting else { return true }
            guard until <= .now else { return false }
            resting = .now + Self.rest
            return true
        }
    }

    /// Waiting and reading are one transaction on one connection: between the two it cannot have been started again, when it
    /// might have gone back.
    func rows(_ sql: SQL, at place: PrimaryPlace, within patience: Duration) async -> PostgresRows? {
        do throws(PostgresError) {
            let results = try await self.postgres.group([
                "SELECT history.await_replay(\(place.flushed)::text::pg_lsn, \(place.epoch), \(patience))", sql,
            ])
            let wasResting = self.resting.withLock { resting in
                defer { resting = nil }
                return resting != nil
            }
            if wasResting { self.logger.info("a replica is read again", metadata: ["replica": "\(self.name)"]) }
            return results[1]
        } catch {
            self.note(error)
            return nil
        }
    }

    private func note(_ error: PostgresError) {
        switch error.code {
        // Full, but well.
        case .overloaded, .cancelled: return
        // As what it would read is being cleaned up (40001): only this question is the worse for it.
        case .sqlState(let state) where state != "TH001" && !state.hasPrefix("57"): return
        default: break
        }
        let wasResting = self.resting.withLock { resting in
            defer { resting = .now + Self.rest }
            return resting != nil
        }
        guard !wasResting else { return }
        self.logger.warning(
            "a replica is not read for now", metadata: ["replica": "\(self.name)", "error": "\(error)"])
    }
}
