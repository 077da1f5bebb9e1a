import ServiceLifecycle

/// Runs what suspends for those who cannot wait: event loops and the I/O thread.
///
/// One task group owns all of it, so nothing outlives the service. What is started before `run` waits for it.
final class BackgroundTasks: Service {
    typealias Work = @Sendable () async -> Void

    private let works: AsyncStream<Work>
    private let continuation: AsyncStream<Work>.Continuation

    init() { (self.works, self.continuation) = AsyncStream.makeStream() }

    /// From any thread. Works run beside each other: no order is kept.
    func start(_ work: @escaping Work) { self.continuation.yield(work) }

    func run() async throws {
        await withDiscardingTaskGroup { group in
            for await work in self.works.cancelOnGracefulShutdown() {
                group.addTask { await work() }
            }
            group.cancelAll()
        }
    }
}
