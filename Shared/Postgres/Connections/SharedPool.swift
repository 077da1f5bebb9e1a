import IOThread

/// The pipelined connections that everybody's statements share. On the I/O thread only.
///
/// Each of its places connects, and connects again after a loss. A statement goes to the open connection with the
/// least under way; while all are full or none is open it waits in line.
final class SharedPool {
    private let configuration: PostgresConfiguration
    private let connector: Connector
    private let monitor: Monitor
    private var places: [Place]
    private var line: WaitingLine<Segment>
    private var isClosed = false

    private struct Place {
        var connection: PostgresConnection?
        var backoff = Backoff()
    }

    init(_ configuration: PostgresConfiguration, monitor: Monitor) {
        self.configuration = configuration
        self.connector = Connector(configuration: configuration)
        self.monitor = monitor
        self.places = Array(repeating: Place(), count: max(1, configuration.connections))
        self.line = WaitingLine(capacity: configuration.maxQueued)
    }

    var isBusy: Bool { !self.line.isEmpty || self.places.contains { ($0.connection?.load ?? 0) > 0 } }

    func start() {
        for place in self.places.indices { self.connect(place) }
    }

    func submit(_ segments: [Segment]) {
        let deadline = ContinuousClock.now + self.configuration.queueTimeout
        for segment in segments {
            if self.isClosed {
                segment.resume(.failure(PostgresError(code: .unavailable, message: "closed")))
            } else if !self.line.append(segment, id: segment.id, deadline: deadline) {
                segment.resume(.failure(PostgresError(code: .overloaded, message: "too many statements wait")))
            }
        }
        self.dispatch()
    }

    /// Answers a segment that still waits with `cancelled`.
    func cancel(_ id: UInt64) {
        self.line.remove(id)?.resume(.failure(PostgresError(code: .cancelled)))
    }

    func sweep(now: ContinuousClock.Instant) {
        for place in self.places { place.connection?.sweep(now: now) }
        for segment in self.line.expired(now: now) {
            segment.resume(.failure(PostgresError(code: .unavailable, message: "no connection in time")))
        }
        self.monitor.waiting(self.line.count)
    }

    /// Nothing more is taken; what was sent may still be answered.
    func stop() {
        self.isClosed = true
        for segment in self.line.removeAll() {
            segment.resume(.failure(PostgresError(code: .unavailable, message: "closed")))
        }
    }

    func close() {
        self.stop()
        for index in self.places.indices {
            guard let connection = self.places[index].connection else { continue }
            self.places[index].connection = nil
            connection.close()
            self.monitor.sharedClosed()
        }
    }

    // MARK: Statements

    private func dispatch() {
        var used: [PostgresConnection] = []
        while !self.line.isEmpty, let connection = self.leastLoaded(), let segment = self.line.popFirst() {
            if !used.contains(where: { $0 === connection }) {
                used.append(connection)
                connection.deallocateDropped()
            }
            connection.send(segment)
        }
        for connection in used { connection.flush() }
    }

    private func leastLoaded() -> PostgresConnection? {
        var best: PostgresConnection?
        for place in self.places {
            guard let connection = place.connection, connection.isOpen,
                connection.load < min(self.configuration.pipelineDepth, best?.load ?? .max)
            else { continue }
            best = connection
        }
        return best
    }

    // MARK: Connections

    private func connect(_ index: Int) {
        guard !self.isClosed else { return }
        self.connector.open { [weak self] result in
            guard let self, !self.isClosed else {
                if case .success(let opened) = result {
                    PostgresConnection(opened, answerTimeout: .zero).close()
                }
                return
            }
            switch result {
            case .success(let opened): self.opened(opened, at: index)
            case .failure(let error): self.connectLater(index, because: error)
            }
        }
    }

    private func opened(_ opened: OpenedConnection, at index: Int) {
        let connection = PostgresConnection(opened, answerTimeout: self.configuration.answerTimeout)
        connection.onProgress = { [weak self] in self?.dispatch() }
        connection.onLoss = { [weak self] error in
            guard let self else { return }
            self.places[index].connection = nil
            self.monitor.sharedClosed()
            self.connectLater(index, because: error)
        }
        self.places[index].connection = connection
        self.places[index].backoff.reset()
        self.monitor.sharedOpened()
        self.dispatch()
    }

    private func connectLater(_ index: Int, because error: PostgresError) {
        self.monitor.connectionFailed(error)
        let delay = self.places[index].backoff.next()
        IOThread.shared.schedule(after: delay) { [weak self] in self?.connect(index) }
    }
}

@available(*, unavailable)
extension SharedPool: Sendable {}
