import IOThread

/// Connections that one transaction at a time has for itself. On the I/O thread only.
///
/// Opened when they are first needed and kept. A connection that comes back with anything under way or a transaction
/// still open is closed.
final class ExclusivePool {
    private let configuration: PostgresConfiguration
    private let connector: Connector
    private let monitor: Monitor
    private var idle: [PostgresConnection] = []
    private var lent: [PostgresConnection] = []
    private var connecting = 0
    private var line: WaitingLine<Borrower>
    private var backoff = Backoff()
    private var isClosed = false

    typealias Borrower = @Sendable (Result<IOThreadBound<PostgresConnection>, PostgresError>) -> Void

    init(_ configuration: PostgresConfiguration, monitor: Monitor) {
        self.configuration = configuration
        self.connector = Connector(configuration: configuration)
        self.monitor = monitor
        self.line = WaitingLine(capacity: configuration.maxQueued)
    }

    var isBusy: Bool { !self.line.isEmpty || !self.lent.isEmpty }

    /// Lends a connection, now or when there is one; `id` names the wait.
    func borrow(id: UInt64, _ borrower: @escaping Borrower) {
        let deadline = ContinuousClock.now + self.configuration.queueTimeout
        if self.isClosed {
            borrower(.failure(PostgresError(code: .unavailable, message: "closed")))
        } else if !self.line.append(borrower, id: id, deadline: deadline) {
            borrower(.failure(PostgresError(code: .overloaded, message: "too many transactions wait")))
        }
        self.serve()
    }

    func cancel(_ id: UInt64) {
        self.line.remove(id)?(.failure(PostgresError(code: .cancelled)))
    }

    func giveBack(_ connection: PostgresConnection) {
        guard let index = self.lent.firstIndex(where: { $0 === connection }) else { return }
        self.lent.remove(at: index)
        if connection.isIdle, !self.isClosed {
            self.idle.append(connection)
            connection.deallocateDropped()
            connection.flush()
        } else {
            connection.close()
        }
        self.serve()
    }

    func sweep(now: ContinuousClock.Instant) {
        for connection in self.lent { connection.sweep(now: now) }
        for borrower in self.line.expired(now: now) {
            borrower(.failure(PostgresError(code: .unavailable, message: "no connection for a transaction in time")))
        }
    }

    func stop() {
        self.isClosed = true
        for borrower in self.line.removeAll() {
            borrower(.failure(PostgresError(code: .unavailable, message: "closed")))
        }
        for connection in self.idle { connection.close() }
        self.idle = []
    }

    func close() {
        self.stop()
        for connection in self.lent { connection.close() }
        self.lent = []
    }

    private func serve() {
        while !self.line.isEmpty, let connection = self.idle.popLast() {
            guard connection.isOpen else { continue }
            guard let borrower = self.line.popFirst() else { return self.idle.append(connection) }
            self.lent.append(connection)
            borrower(.success(IOThreadBound(here: connection)))
        }
        while self.connecting < self.line.count,
            self.idle.count + self.lent.count + self.connecting < max(1, self.configuration.exclusiveConnections)
        {
            self.connect()
        }
    }

    private func connect() {
        guard !self.isClosed else { return }
        self.connecting += 1
        self.connector.open { [weak self] result in
            guard let self else {
                if case .success(let opened) = result {
                    PostgresConnection(opened, answerTimeout: .zero).close()
                }
                return
            }
            switch result {
            case .success(let opened):
                self.connecting -= 1
                self.opened(opened)
            case .failure(let error): self.connectLater(because: error)
            }
        }
    }

    private func opened(_ opened: OpenedConnection) {
        let connection = PostgresConnection(opened, answerTimeout: self.configuration.answerTimeout)
        guard !self.isClosed else { return connection.close() }
        // One that is lent is missed when it comes back.
        connection.onLoss = { [weak self, unowned connection] _ in self?.idle.removeAll { $0 === connection } }
        self.backoff.reset()
        self.idle.append(connection)
        self.serve()
    }

    /// The place stays taken for the delay, so that a server that is away is not asked all the time.
    private func connectLater(because error: PostgresError) {
        self.monitor.connectionFailed(error)
        IOThread.shared.schedule(after: self.backoff.next()) { [weak self] in
            guard let self else { return }
            self.connecting -= 1
            self.serve()
        }
    }
}

@available(*, unavailable)
extension ExclusivePool: Sendable {}
