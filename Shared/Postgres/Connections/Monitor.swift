import Logging
import Metrics
import Synchronization

/// What is told about the connections: readiness, metrics, log lines. From any thread.
final class Monitor: Sendable {
    private let logger: Logger
    private let open = Atomic<Int>(0)
    private let isAway = Atomic<Bool>(false)
    private let connections: Gauge
    private let queue: Gauge
    private let failures: Counter
    private let durations: Metrics.Timer
    private let name: String

    init(_ configuration: PostgresConfiguration, logger: Logger) {
        self.logger = logger
        self.name = configuration.name
        let pool = [("pool", configuration.name)]
        self.connections = Gauge(label: "postgres_connections", dimensions: pool)
        self.queue = Gauge(label: "postgres_waiting_statements", dimensions: pool)
        self.failures = Counter(label: "postgres_connection_failures_total", dimensions: pool)
        self.durations = Metrics.Timer(label: "postgres_answer_seconds", dimensions: pool)
    }

    var isReady: Bool { self.open.load(ordering: .relaxed) > 0 }

    func sharedOpened() {
        let count = self.open.add(1, ordering: .relaxed).newValue
        self.connections.record(count)
        if self.isAway.exchange(false, ordering: .relaxed) {
            self.logger.info("PostgreSQL is back", metadata: ["pool": "\(self.name)"])
        }
    }

    func sharedClosed() {
        self.connections.record(self.open.subtract(1, ordering: .relaxed).newValue)
    }

    /// Logged once per outage as a warning, then as debugging.
    func connectionFailed(_ error: PostgresError) {
        self.failures.increment()
        let isKnown = self.isAway.exchange(true, ordering: .relaxed)
        self.logger.log(
            level: isKnown ? .debug : .warning, "no connection to PostgreSQL",
            metadata: ["pool": "\(self.name)", "reason": "\(error.message)"])
    }

    func waiting(_ count: Int) { self.queue.record(count) }

    /// An answer, or a failure with its code.
    func answered(_ error: PostgresError?, after duration: Duration) {
        self.durations.recordNanoseconds(
            duration.components.seconds * 1_000_000_000 + duration.components.attoseconds / 1_000_000_000)
        guard let error else { return }
        let code =
            switch error.code {
            case .sqlState(let state): state
            default: "\(error.code)"
            }
        Counter(label: "postgres_errors_total", dimensions: [("pool", self.name), ("code", code)]).increment()
    }
}
