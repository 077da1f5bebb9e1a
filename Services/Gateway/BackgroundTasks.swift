import NIOCore
import ServiceLifecycle
import Synchronization

/// Runs what suspends for those who cannot wait: event loops and the I/O thread.
///
/// It owns every task it has started until that has ended, so nothing outlives the service: at its end all are cancelled
/// and awaited, and no more are started.
final class BackgroundTasks: Service {
    typealias Work = @Sendable () async -> Void

    private struct State {
        var tasks: [UInt64: Task<Void, Never>] = [:]
        var lastID: UInt64 = 0
        var isOver = false
    }

    private let state = Mutex(State())
    private let executors: [ObjectIdentifier: LoopExecutor]

    /// `executors`: of the loops that ``start(on:_:)`` may name.
    init(executors: [LoopExecutor]) {
        self.executors = Dictionary(uniqueKeysWithValues: executors.map { (ObjectIdentifier($0.eventLoop), $0) })
    }

    /// From any thread. Works run beside each other: no order is kept.
    ///
    /// - Parameter loop: where it runs between its waits, if that is where nearly all of it happens; else anywhere.
    func start(on loop: (any EventLoop)? = nil, _ work: @escaping Work) {
        let executor = loop.flatMap { self.executors[ObjectIdentifier($0)] }
        self.state.withLock { state in
            if state.isOver { return }
            state.lastID += 1
            let id = state.lastID
            state.tasks[id] = Task(executorPreference: executor) {
                await work()
                self.state.withLock { _ = $0.tasks.removeValue(forKey: id) }
            }
        }
    }

    func run() async throws {
        try? await gracefulShutdown()
        let tasks = self.state.withLock { state in
            state.isOver = true
            return Array(state.tasks.values)
        }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
    }
}
