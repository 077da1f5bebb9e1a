import Metrics
import Synchronization

/// Many asks become few calls: what is submitted while a call is under way goes together in the next.
///
/// Each item has one result, in order. Lanes work beside each other, each one call at a time; what must keep its order
/// goes into one lane. The queue of a lane is bounded, and a failed call fails those who asked in it.
///
/// A `final class` with a `Mutex` per lane. A lane's calls run in a task that ends with its queue: nobody who asks owns it,
/// as the cancelling of one must not end the call of the others. It lives as long as its calls, which have timeouts.
package final class Batcher<Item: Sendable, Output: Sendable>: Sendable {
    package typealias Call = @Sendable ([Item]) async throws -> [Output]
    package typealias Completion = @Sendable (Result<Output, any Error>) -> Void

    private struct State {
        var queue: [(id: UInt64, item: Item)] = []
        /// Who removes a completion calls it; so each is called once.
        var waiting: [UInt64: Completion] = [:]
        var nextID: UInt64 = 0
        var isWorking = false
    }

    private enum Next { case wait, work, refuse(any Error) }

    private final class Lane: Sendable {
        let state = Mutex(State())
        /// Where its calls are made; `nil`: anywhere.
        let executor: (any TaskExecutor)?

        init(executor: (any TaskExecutor)?) { self.executor = executor }
    }

    private let lanes: [Lane]
    private let maxBatch: Int
    private let maxWaiting: Int
    private let call: Call
    private let sizes: Recorder

    /// - Parameters:
    ///   - maxBatch: the most items of one call.
    ///   - maxWaiting: items waiting in one lane; one more is refused with `unavailable`.
    ///   - executors: the lanes' in turn, for calls that take little time between their waits. They outlive the batcher.
    ///   - call: answers one result for each item, in order.
    package init(
        name: String, lanes: Int = 1, maxBatch: Int = 500, maxWaiting: Int = 10_000,
        executors: [any TaskExecutor] = [], call: @escaping Call
    ) {
        precondition(lanes > 0 && maxBatch > 0 && maxWaiting > 0, "a batcher has lanes, and room in them")
        self.lanes = (0..<lanes).map { lane in
            Lane(executor: executors.isEmpty ? nil : executors[lane % executors.count])
        }
        self.maxBatch = maxBatch
        self.maxWaiting = maxWaiting
        self.call = call
        self.sizes = Recorder(label: "batch_size", dimensions: [("batcher", name)])
    }

    /// Waits for the result of one item.
    ///
    /// - Parameter lane: any number; the same one is the same lane.
    /// - Throws: ``RequestError/unavailable`` where the queue is full, `CancellationError` where the asker was cancelled
    ///   (the call may still be made), or what the call threw.
    package func submit(_ item: Item, lane: Int64 = 0) async throws -> Output {
        let lane = self.lanes[Int(UInt64(bitPattern: lane) % UInt64(self.lanes.count))]
        let id = lane.state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                self.enqueue(item, id, in: lane) { continuation.resume(with: $0) }
            }
        } onCancel: {
            let completion = lane.state.withLock { state in
                state.queue.removeAll { $0.id == id }
                return state.waiting.removeValue(forKey: id)
            }
            completion?(.failure(CancellationError()))
        }
    }

    /// The same for those who cannot wait, as event loops: items of one lane are called in the order of these calls, which
    /// tasks cannot promise. `completion` is called once, on any thread.
    package func submit(_ item: Item, lane: Int64 = 0, then completion: @escaping Completion) {
        let lane = self.lanes[Int(UInt64(bitPattern: lane) % UInt64(self.lanes.count))]
        let id = lane.state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        self.enqueue(item, id, in: lane, completion)
    }

    /// How many items wait for a call that has not begun.
    package var waiting: Int { self.lanes.reduce(0) { $0 + $1.state.withLock { $0.queue.count } } }

    private func enqueue(_ item: Item, _ id: UInt64, in lane: Lane, _ completion: @escaping Completion) {
        let next: Next = lane.state.withLock { state in
            // The handler above may have run before there was anything to cancel.
            if Task.isCancelled { return .refuse(CancellationError()) }
            guard state.queue.count < self.maxWaiting else { return .refuse(RequestError.unavailable) }
            state.queue.append((id, item))
            state.waiting[id] = completion
            if state.isWorking { return .wait }
            state.isWorking = true
            return .work
        }
        switch next {
        case .wait: break
        // Detached: the calls of a batch belong to no one request, and bear no one's id.
        case .work: Task.detached(executorPreference: lane.executor) { await self.work(through: lane) }
        case .refuse(let error): completion(.failure(error))
        }
    }

    private func work(through lane: Lane) async {
        while true {
            let batch = lane.state.withLock { state -> [(id: UInt64, item: Item)] in
                let batch = Array(state.queue.prefix(self.maxBatch))
                state.queue.removeFirst(batch.count)
                if batch.isEmpty { state.isWorking = false }
                return batch
            }
            if batch.isEmpty { return }
            self.sizes.record(batch.count)
            let results: Result<[Output], any Error>
            do {
                let outputs = try await self.call(batch.map(\.item))
                results = outputs.count == batch.count ? .success(outputs) : .failure(WrongCount())
            } catch {
                results = .failure(error)
            }
            let waiting = lane.state.withLock { state in batch.map { state.waiting.removeValue(forKey: $0.id) } }
            for (place, completion) in waiting.enumerated() {
                completion?(results.map { $0[place] })
            }
        }
    }

    private struct WrongCount: Error, CustomStringConvertible {
        var description: String { "a batch was answered with another number of results than it had items" }
    }
}

/// A ``Batcher`` for questions: who asks for the same key while a call is under way shares one place in the next. A call
/// that is under way already is not joined: its answer may be older than the question.
package final class Lookup<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    package typealias Call = @Sendable ([Key]) async throws -> [Key: Value]

    private let batcher: Batcher<Key, Value?>

    /// - Parameter call: answers what it knows; a key left out has no value.
    package init(
        name: String, lanes: Int = 1, maxBatch: Int = 500, maxWaiting: Int = 10_000, call: @escaping Call
    ) {
        self.batcher = Batcher(name: name, lanes: lanes, maxBatch: maxBatch, maxWaiting: maxWaiting) { keys in
            let values = try await call(Array(Set(keys)))
            return keys.map { values[$0] }
        }
    }

    /// How many asks wait for a call that has not begun.
    package var waiting: Int { self.batcher.waiting }

    /// - Throws: as ``Batcher/submit(_:lane:)``.
    package func value(for key: Key, lane: Int64 = 0) async throws -> Value? {
        try await self.batcher.submit(key, lane: lane)
    }
}
