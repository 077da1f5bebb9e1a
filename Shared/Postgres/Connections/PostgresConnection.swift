internal import CLibpq
import IOThread

/// One libpq connection in pipeline mode. On the I/O thread only.
///
/// Segments are sent as they come and answered in order. When the connection is lost, all that was sent fails as
/// `outcomeUnknown`, since the server may have got it.
final class PostgresConnection {
    private let connection: OpaquePointer
    private let answerTimeout: Duration
    private var watch: IOThread.Watch?
    private var sent = Fifo<Sent>()
    private var statements = StatementCache()
    private var lastProgress = ContinuousClock.now
    private var hasFailed = false
    private(set) var isOpen = true

    /// Called after answers came, so that more can be sent.
    var onProgress: () -> Void = {}
    /// Called once, when the connection has ended by itself.
    var onLoss: (PostgresError) -> Void = { _ in }

    private struct Sent {
        let segment: Segment?
        var progress: SegmentProgress<PostgresRows>
        var isAnswered = false
        let deadline: ContinuousClock.Instant
    }

    /// Takes over an open connection, which is in pipeline mode and does not block.
    ///
    /// - Parameter answerTimeout: how long the server may stay silent while it has something to answer.
    init(_ opened: OpenedConnection, answerTimeout: Duration) {
        self.connection = opened.pointer
        self.answerTimeout = answerTimeout
        self.watch = IOThread.shared.watch(PQsocket(opened.pointer), .read) { [weak self] readiness in
            if readiness.contains(.write) { self?.flush() }
            self?.receive()
        }
    }

    deinit { if self.isOpen { self.close() } }

    /// How many segments wait for their answers.
    var load: Int { self.sent.count }

    /// Whether nothing is under way and no transaction is open.
    var isIdle: Bool { self.isOpen && self.sent.isEmpty && PQtransactionStatus(self.connection) == PQTRANS_IDLE }

    /// Sends a segment; ``flush()`` after the last of several.
    func send(_ segment: Segment) {
        IOThread.shared.preconditionInside()
        guard self.isOpen else {
            return segment.resume(.failure(PostgresError(code: .unavailable, message: "the connection was lost")))
        }
        var steps: [SegmentStep] = []
        var isSent = true
        for statement in segment.statements {
            isSent = isSent && self.send(statement, steps: &steps)
        }
        self.finish(segment, steps: steps, isSent: isSent)
    }

    /// Gives the server's memory of dropped statements back. Not inside a transaction.
    func deallocateDropped() {
        guard self.isOpen else { return }
        for name in self.statements.takeDropped() {
            let isSent = PQsendQueryParams(self.connection, "DEALLOCATE \(name)", 0, nil, nil, nil, nil, 1) == 1
            self.finish(nil, steps: [], isSent: isSent)
        }
    }

    func flush() {
        guard self.isOpen else { return }
        switch PQflush(self.connection) {
        case 0: self.watch?.interest = .read
        case 1: self.watch?.interest = [.read, .write]
        default: self.hasFailed = true
        }
        self.loseIfFailed()
    }

    /// Gives up what is overdue, and the connection if the server has been silent for too long.
    func sweep(now: ContinuousClock.Instant) {
        guard self.isOpen, !self.sent.isEmpty else { return }
        // TLS may hold bytes of which the socket tells nothing any more.
        self.receive()
        self.sent.update { sent in
            guard sent.deadline <= now else { return false }
            if !sent.isAnswered {
                sent.isAnswered = true
                let error = PostgresError(code: .outcomeUnknown, message: "no answer in time")
                sent.segment?.resume(.failure(error))
            }
            return true
        }
        if self.isOpen, !self.sent.isEmpty, now - self.lastProgress > self.answerTimeout {
            self.lose(PostgresError(code: .unavailable, message: "the server has stopped answering"))
        }
    }

    /// Ends the connection; what was sent fails as `outcomeUnknown`.
    func close() {
        self.onLoss = { _ in }
        self.lose(PostgresError(code: .unavailable, message: "the connection was closed"))
    }

    // MARK: Sending

    private func send(_ statement: Segment.Statement, steps: inout [SegmentStep]) -> Bool {
        let count = Int32(statement.parameters.count)
        let use = self.statements.use(statement.key)
        if case .prepare(let name) = use {
            steps.append(.parse(statement.key))
            guard PQsendPrepare(self.connection, name, statement.key.text, count, statement.key.types) == 1 else {
                return false
            }
        }
        let isCached = if case .prepared = use { true } else { false }
        steps.append(.execute(statement.key, cached: isCached))
        return statement.parameters.withPointers { values, lengths, formats in
            switch use {
            case .prepared(let name), .prepare(let name):
                PQsendQueryPrepared(self.connection, name, count, values, lengths, formats, 1) == 1
            case .unnamed:
                PQsendQueryParams(
                    self.connection, statement.key.text, count, statement.key.types, values, lengths, formats, 1) == 1
            }
        }
    }

    private func finish(_ segment: Segment?, steps: [SegmentStep], isSent: Bool) {
        let now = ContinuousClock.now
        if self.sent.isEmpty { self.lastProgress = now }
        self.sent.append(
            Sent(segment: segment, progress: SegmentProgress(steps: steps), deadline: now + self.answerTimeout))
        if !isSent || PQpipelineSync(self.connection) != 1 { self.hasFailed = true }
    }

    // MARK: Receiving

    private func receive() {
        guard self.isOpen else { return }
        if PQconsumeInput(self.connection) != 1 { self.hasFailed = true }
        let before = self.sent.count
        // A result that ends a command is followed by a NULL, which means nothing here; two of them, that libpq expects
        // no more.
        var nulls = 0
        while !self.hasFailed, !self.sent.isEmpty, nulls < 2, PQisBusy(self.connection) == 0 {
            if let pointer = PQgetResult(self.connection) {
                nulls = 0
                self.take(PostgresResult(adopting: pointer))
            } else {
                nulls += 1
            }
        }
        if PQstatus(self.connection) != CONNECTION_OK { self.hasFailed = true }
        self.loseIfFailed()
        if self.isOpen, self.sent.count < before { self.onProgress() }
    }

    private func take(_ result: consuming PostgresResult) {
        self.lastProgress = .now
        guard self.sent.first != nil else { return }
        let effect: SegmentEffect?
        switch result.status {
        case PGRES_PIPELINE_SYNC: return self.complete()
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY:
            effect = self.sent.first?.progress.succeeded(PostgresRows(result))
        case PGRES_PIPELINE_ABORTED: effect = self.sent.first?.progress.skipped()
        case PGRES_FATAL_ERROR:
            // The end of the session says nothing certain about the segment.
            if result.isFatal { return self.hasFailed = true }
            effect = self.sent.first?.progress.failed(result.error)
        default:
            // COPY, whose result libpq would give for ever, or bytes that are no PostgreSQL: this connection is done.
            return self.hasFailed = true
        }
        switch effect {
        case .confirm(let key): self.statements.confirm(key)
        case .fail(let key): self.statements.fail(key)
        case .forget(let key): self.statements.forget(key)
        case .some(.none), nil: break
        }
    }

    private func complete() {
        guard let sent = self.sent.popFirst(), !sent.isAnswered else { return }
        if sent.progress.isStale, let segment = sent.segment, PQtransactionStatus(self.connection) == PQTRANS_IDLE {
            self.send(segment)
            return self.flush()
        }
        sent.segment?.resume(sent.progress.answer)
    }

    // MARK: The end

    private func loseIfFailed() {
        guard self.isOpen, self.hasFailed else { return }
        let text = String(cString: PQerrorMessage(self.connection))
        let line = text.split(separator: "\n").first.map(String.init) ?? "the connection was lost"
        self.lose(PostgresError(code: .unavailable, message: line))
    }

    private func lose(_ error: PostgresError) {
        guard self.isOpen else { return }
        self.isOpen = false
        self.watch?.cancel()
        self.watch = nil
        PQfinish(self.connection)
        // First, so that who is told here finds that the connection is gone.
        self.onLoss(error)
        while let sent = self.sent.popFirst() {
            guard !sent.isAnswered else { continue }
            // An error that had come already rolled it back.
            let unknown = PostgresError(code: .outcomeUnknown, message: error.message)
            sent.segment?.resume(.failure(sent.progress.failure ?? unknown))
        }
    }
}

@available(*, unavailable)
extension PostgresConnection: Sendable {}
