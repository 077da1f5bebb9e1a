import Testing

@testable import IOThread

struct DeadlineQueueTests {
    private let start = ContinuousClock.now

    @Test func `what is due comes out in order of time, then of insertion`() {
        var queue = DeadlineQueue<String>()
        _ = queue.insert("later", at: self.start + .seconds(3))
        _ = queue.insert("first", at: self.start + .seconds(1))
        _ = queue.insert("second", at: self.start + .seconds(1))
        _ = queue.insert("never", at: self.start + .seconds(60))
        var due: [String] = []
        while let element = queue.popDue(now: self.start + .seconds(3)) { due.append(element) }
        #expect(due == ["first", "second", "later"])
        #expect(queue.next == self.start + .seconds(60))
        #expect(queue.count == 1)
    }

    @Test func `nothing comes before its time`() {
        var queue = DeadlineQueue<Int>()
        _ = queue.insert(1, at: self.start + .milliseconds(1))
        #expect(queue.popDue(now: self.start) == nil)
        #expect(queue.count == 1)
    }

    @Test func `removed elements never come out, and their memory goes`() {
        var queue = DeadlineQueue<Int>()
        let kept = queue.insert(-1, at: self.start + .seconds(90))
        for round in 0..<10_000 {
            let id = queue.insert(round, at: self.start + .seconds(100))
            queue.remove(id)
        }
        #expect(queue.count == 1)
        #expect(queue.places < 200)
        #expect(queue.popDue(now: self.start + .seconds(200)) == -1)
        #expect(queue.popDue(now: self.start + .seconds(200)) == nil)
        queue.remove(kept)
        #expect(queue.count == 0)
    }

    @Test func `random deadlines come out sorted`() {
        var queue = DeadlineQueue<Int>()
        var generator = SystemRandomNumberGenerator()
        var ids: [DeadlineQueue<Int>.ID: Int] = [:]
        for _ in 0..<2_000 {
            let delay = Int.random(in: 0..<500, using: &generator)
            ids[queue.insert(delay, at: self.start + .milliseconds(delay))] = delay
        }
        for id in ids.keys.prefix(1_500) {
            queue.remove(id)
            ids[id] = nil
        }
        var due: [Int] = []
        while let delay = queue.popDue(now: self.start + .seconds(1)) { due.append(delay) }
        #expect(due == ids.values.sorted())
    }
}
