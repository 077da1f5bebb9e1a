/// What goes between two Syncs: statements that are applied all or none, and who waits for their answers.
struct Segment: Sendable {
    typealias Answer = Result<[PostgresRows], PostgresError>

    let id: UInt64
    let statements: [Statement]
    /// Called once, on the I/O thread.
    let resume: @Sendable (Answer) -> Void

    struct Statement: Sendable {
        let key: StatementCache.Key
        let parameters: PostgresParameters

        init(_ sql: SQL) {
            self.key = StatementCache.Key(text: sql.text, types: sql.parameters.types)
            self.parameters = sql.parameters
        }
    }
}

/// The commands of a segment, each of which has one result.
enum SegmentStep: Equatable {
    case parse(StatementCache.Key)
    /// `cached`: under a name that was prepared before this segment.
    case execute(StatementCache.Key, cached: Bool)
}

/// What a result does to the connection's statements.
enum SegmentEffect: Equatable {
    case none
    case confirm(StatementCache.Key)
    case fail(StatementCache.Key)
    case forget(StatementCache.Key)
}

/// A segment that was sent: which results are still to come, and what has come. The rules, without libpq.
///
/// Results are kept until the Sync's own has come, because an error of the commit comes after the rows. The first error
/// is the answer; what the server skips because of it says nothing more.
struct SegmentProgress<Rows> {
    private let steps: [SegmentStep]
    private var next = 0
    private(set) var rows: [Rows] = []
    private(set) var failure: PostgresError?
    /// The statement was prepared for a table that has changed since: rolled back, and safe to send again.
    private(set) var isStale = false

    init(steps: [SegmentStep]) { self.steps = steps }

    var answer: Result<[Rows], PostgresError> { self.failure.map { .failure($0) } ?? .success(self.rows) }

    private mutating func advance() -> SegmentStep? {
        guard self.next < self.steps.count else { return nil }
        defer { self.next += 1 }
        return self.steps[self.next]
    }

    mutating func succeeded(_ rows: Rows) -> SegmentEffect {
        switch self.advance() {
        case .parse(let key): return .confirm(key)
        case .execute:
            self.rows.append(rows)
            return .none
        case nil: return .none
        }
    }

    mutating func failed(_ error: PostgresError) -> SegmentEffect {
        let isFirst = self.failure == nil
        if isFirst { self.failure = error }
        switch self.advance() {
        case .parse(let key): return .fail(key)
        case .execute(let key, cached: true) where isFirst && Self.staleStates.contains(error.sqlState ?? ""):
            self.isStale = true
            return .forget(key)
        case .execute, nil: return .none
        }
    }

    /// The server skipped a command, as one before it failed.
    mutating func skipped() -> SegmentEffect {
        if case .parse(let key)? = self.advance() { return .fail(key) }
        return .none
    }

    /// feature_not_supported, "cached plan must not change result type"; invalid_sql_statement_name.
    private static var staleStates: Set<String> { ["0A000", "26000"] }
}
