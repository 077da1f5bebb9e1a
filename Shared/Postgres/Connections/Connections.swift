import IOThread

/// Both pools of one ``Postgres``, and the clock that drives their time limits. On the I/O thread only.
final class Connections {
    let shared: SharedPool
    let exclusive: ExclusivePool
    private let closeTimeout: Duration
    private var isSweeping = false
    private var closing: Closing?
    private var isClosed = false

    private struct Closing {
        let deadline: ContinuousClock.Instant
        var done: [@Sendable () -> Void]
    }

    /// How exactly time limits are kept.
    private static let sweepInterval = Duration.milliseconds(50)

    init(_ configuration: PostgresConfiguration, monitor: Monitor) {
        self.shared = SharedPool(configuration, monitor: monitor)
        self.exclusive = ExclusivePool(configuration, monitor: monitor)
        self.closeTimeout = configuration.answerTimeout
    }

    /// Runs the clock while there is anything whose time can be up.
    func watchTheClock() {
        guard !self.isSweeping, self.shared.isBusy || self.exclusive.isBusy else { return }
        self.isSweeping = true
        IOThread.shared.schedule(after: Self.sweepInterval) { [weak self] in self?.sweep() }
    }

    private func sweep() {
        self.isSweeping = false
        let now = ContinuousClock.now
        self.shared.sweep(now: now)
        self.exclusive.sweep(now: now)
        if let closing = self.closing {
            let isBusy = self.shared.isBusy || self.exclusive.isBusy
            if !isBusy || closing.deadline <= now { return self.close() }
        }
        self.watchTheClock()
    }

    /// Takes nothing more, closes when all that is under way has ended or its time is up, then calls `done`.
    func close(gracefully done: @escaping @Sendable () -> Void) {
        if self.isClosed { return done() }
        if self.closing != nil {
            self.closing?.done.append(done)
            return
        }
        self.closing = Closing(deadline: .now + self.closeTimeout, done: [done])
        self.shared.stop()
        self.exclusive.stop()
        if self.shared.isBusy || self.exclusive.isBusy { self.watchTheClock() } else { self.close() }
    }

    /// At once.
    func close() {
        self.isClosed = true
        self.shared.close()
        self.exclusive.close()
        for done in self.closing?.done ?? [] { done() }
        self.closing?.done = []
    }
}

@available(*, unavailable)
extension Connections: Sendable {}
