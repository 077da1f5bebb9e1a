import Dispatch
import Foundation
import Synchronization

/// A few threads for C calls that take long, with a bounded queue before them.
///
/// The cooperative pool has a thread per core, so a call of 25 ms there would hold up every other request. The threads
/// end with the last reference to this object, after what is queued.
final class WorkerThreads: Sendable {
    /// As much as may wait is waiting.
    struct QueueFull: Error {}

    private let queue: Queue

    init(count: Int, capacity: Int, name: String) {
        precondition(count > 0 && capacity > 0, "without a thread and a place to wait nothing would ever run")
        let queue = Queue(capacity: capacity)
        self.queue = queue
        for number in 1...count {
            let thread = Thread {
                // On Linux of this thread alone. In a storm of sign-ins whatever else is asked goes first; hashes take what is
                // left of the cores, which is nearly all.
                setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
                queue.work()
            }
            thread.name = "\(name)-\(number)"
            thread.start()
        }
    }

    deinit { self.queue.close() }

    /// Runs `work` on one of the threads, in the order of calls.
    ///
    /// - Throws: ``QueueFull`` at once, without waiting.
    func run<Result: Sendable>(_ work: @escaping @Sendable () -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            if !self.queue.add({ continuation.resume(returning: work()) }) {
                continuation.resume(throwing: QueueFull())
            }
        }
    }

    /// Shared by the threads, which must not keep the owner alive.
    private final class Queue: Sendable {
        private struct State {
            var jobs: [@Sendable () -> Void] = []
            var isClosed = false
        }

        private let capacity: Int
        private let state = Mutex(State())
        private let wake = DispatchSemaphore(value: 0)

        init(capacity: Int) { self.capacity = capacity }

        func add(_ job: @escaping @Sendable () -> Void) -> Bool {
            let isAdded = self.state.withLock { state in
                guard state.jobs.count < self.capacity else { return false }
                state.jobs.append(job)
                return true
            }
            if isAdded { self.wake.signal() }
            return isAdded
        }

        func close() {
            self.state.withLock { $0.isClosed = true }
            self.wake.signal()
        }

        func work() {
            while true {
                self.wake.wait()
                let job: (@Sendable () -> Void)? = self.state.withLock { $0.jobs.isEmpty ? nil : $0.jobs.removeFirst() }
                if let job {
                    job()
                } else if self.state.withLock({ $0.isClosed }) {
                    // The one signal of `close` ends one thread after the other.
                    self.wake.signal()
                    return
                }
            }
        }
    }
}
