import Foundation
import ServiceKit
import Synchronization
import Testing

/// A call that a test holds back and lets go.
private actor Gate {
    private var isOpen = false
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private var arrivals = 0
    private var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []

    func pass() async {
        self.arrivals += 1
        for watcher in self.watchers where watcher.count <= self.arrivals { watcher.continuation.resume() }
        self.watchers.removeAll { $0.count <= self.arrivals }
        if !self.isOpen { await withCheckedContinuation { self.waiting.append($0) } }
    }

    func open() {
        self.isOpen = true
        for continuation in self.waiting { continuation.resume() }
        self.waiting = []
    }

    func arrival(of count: Int = 1) async {
        if self.arrivals < count { await withCheckedContinuation { self.watchers.append((count, $0)) } }
    }
}

private struct Broken: Error {}

@Suite struct BatcherTests {
    @Test func `what comes while a call is under way goes together in the next`() async throws {
        let gate = Gate()
        let batches = Box<[[Int]]>([])
        let batcher = Batcher<Int, Int>(name: "test") { items in
            batches.change { $0.append(items) }
            await gate.pass()
            return items.map { $0 * 10 }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                let result = try await batcher.submit(0)
                #expect(result == 0)
            }
            await gate.arrival()
            for item in 1...50 {
                group.addTask {
                    let result = try await batcher.submit(item)
                    #expect(result == item * 10)
                }
            }
            while batcher.waiting < 50 { await Task.yield() }
            await gate.open()
            try await group.waitForAll()
        }
        #expect(batches.value.count == 2)
        #expect(batches.value.first == [0])
        #expect(batches.value.last.map(Set.init) == Set(1...50))
    }

    @Test func `under ten thousand askers each gets its own result, and no batch is too large`() async throws {
        let largest = Box(0)
        let batcher = Batcher<Int, String>(name: "test", lanes: 4, maxBatch: 64) { items in
            largest.change { $0 = max($0, items.count) }
            await Task.yield()
            return items.map { "\($0)" }
        }
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for item in 0..<10_000 {
                group.addTask { try await batcher.submit(item, lane: Int64(item % 7 - 3)) == "\(item)" }
            }
            for try await right in group { #expect(right) }
        }
        #expect(largest.value <= 64)
    }

    @Test func `a lane keeps the order of one who asks`() async throws {
        let seen = Box<[Int]>([])
        let batcher = Batcher<Int, Int>(name: "test", maxBatch: 3) { items in
            seen.change { $0 += items }
            return items
        }
        for item in 0..<20 { _ = try await batcher.submit(item) }
        #expect(seen.value == Array(0..<20))
    }

    @Test func `a failed call fails those who asked in it, and nobody else`() async throws {
        let batcher = Batcher<Int, Int>(name: "test") { items in
            if items.contains(13) { throw Broken() }
            return items
        }
        await #expect(throws: Broken.self) { try await batcher.submit(13) }
        #expect(try await batcher.submit(14) == 14)
    }

    @Test func `a call with the wrong number of results fails its askers`() async throws {
        let batcher = Batcher<Int, Int>(name: "test") { _ in [] }
        await #expect(throws: (any Error).self) { try await batcher.submit(1) }
    }

    @Test func `one more than the queue holds is refused as unavailable`() async throws {
        let gate = Gate()
        let batcher = Batcher<Int, Int>(name: "test", maxWaiting: 2) { items in
            await gate.pass()
            return items
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for item in 0..<3 {
                group.addTask { _ = try await batcher.submit(item) }
                // The first is under way, the others wait.
                if item == 0 { await gate.arrival() }
            }
            while batcher.waiting < 2 { await Task.yield() }
            await #expect(throws: RequestError.unavailable) { try await batcher.submit(9) }
            await gate.open()
            try await group.waitForAll()
        }
    }

    @Test func `who is cancelled is gone at once, and the others have their results`() async throws {
        let gate = Gate()
        let asked = Box<[Int]>([])
        let batcher = Batcher<Int, Int>(name: "test") { items in
            asked.change { $0 += items }
            await gate.pass()
            return items
        }
        let first = Task { try await batcher.submit(1) }
        await gate.arrival()
        let (second, third) = (Task { try await batcher.submit(2) }, Task { try await batcher.submit(3) })
        while batcher.waiting < 2 { await Task.yield() }
        first.cancel()
        second.cancel()
        await #expect(throws: CancellationError.self) { try await first.value }
        await #expect(throws: CancellationError.self) { try await second.value }
        await gate.open()
        #expect(try await third.value == 3)
        #expect(asked.value == [1, 3])
    }

    @Test func `one cancelled before it asks does not ask`() async throws {
        let calls = Box(0)
        let batcher = Batcher<Int, Int>(name: "test") { items in
            calls.change { $0 += 1 }
            return items
        }
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await batcher.submit(1)
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(calls.value == 0)
    }
}

@Suite struct LookupTests {
    @Test func `a key is asked once for all who ask, and not again for those it has no value for`() async throws {
        let gate = Gate()
        let calls = Box<[[String]]>([])
        let lookup = Lookup<String, Int>(name: "test") { keys in
            calls.change { $0.append(keys.sorted()) }
            await gate.pass()
            return ["a": 1, "b": 2]
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                let result = try await lookup.value(for: "z")
                #expect(result == nil)
            }
            await gate.arrival()
            for _ in 0..<20 {
                group.addTask {
                    let result = try await lookup.value(for: "a")
                    #expect(result == 1)
                }
                group.addTask {
                    let result = try await lookup.value(for: "b")
                    #expect(result == 2)
                }
            }
            while lookup.waiting < 40 { await Task.yield() }
            await gate.open()
            try await group.waitForAll()
        }
        #expect(calls.value == [["z"], ["a", "b"]])
    }
}
