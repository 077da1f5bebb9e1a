import Testing

@testable import Postgres

struct BackoffTests {
    @Test func `delays grow from 0,1 to 2 seconds, and start over after a success`() {
        var backoff = Backoff()
        var ceiling = Duration.milliseconds(100)
        for _ in 0..<20 {
            ceiling = min(ceiling * 2, .seconds(2))
            let delay = backoff.next()
            #expect(delay >= .milliseconds(100) && delay <= ceiling)
        }
        backoff.reset()
        #expect(backoff.next() <= .milliseconds(200))
    }

    @Test func `two processes do not wait equally long`() {
        var delays: Set<Duration> = []
        for _ in 0..<20 {
            var backoff = Backoff()
            delays.insert(backoff.next())
        }
        #expect(delays.count > 10)
    }
}

struct WaitingLineTests {
    private let start = ContinuousClock.now

    @Test func `first come, first served, without those who left`() {
        var line = WaitingLine<String>(capacity: 10)
        for (id, name) in ["a", "b", "c"].enumerated() {
            let isTaken = line.append(name, id: UInt64(id), deadline: self.start)
            #expect(isTaken)
        }
        #expect(line.remove(1) == "b")
        #expect(line.remove(1) == nil)
        #expect(line.popFirst() == "a")
        #expect(line.popFirst() == "c")
        #expect(line.popFirst() == nil)
    }

    @Test func `a full line takes nobody`() {
        var line = WaitingLine<Int>(capacity: 1)
        var taken: [Bool] = []
        taken.append(line.append(1, id: 1, deadline: self.start))
        taken.append(line.append(2, id: 2, deadline: self.start))
        _ = line.remove(1)
        taken.append(line.append(2, id: 2, deadline: self.start))
        #expect(taken == [true, false, true])
    }

    @Test func `those whose time is up come out, in order, and nobody else`() {
        var line = WaitingLine<Int>(capacity: 100)
        for id in 0..<10 { _ = line.append(id, id: UInt64(id), deadline: self.start + .seconds(id)) }
        _ = line.remove(2)
        #expect(line.expired(now: self.start + .seconds(4)) == [0, 1, 3, 4])
        #expect(line.expired(now: self.start + .seconds(4)) == [])
        #expect(line.removeAll() == [5, 6, 7, 8, 9])
    }
}

struct FifoTests {
    @Test func `it is a queue, whatever the order of putting and taking`() {
        var fifo = Fifo<Int>()
        var model: [Int] = []
        var generator = SystemRandomNumberGenerator()
        for number in 0..<10_000 {
            if Bool.random(using: &generator) {
                fifo.append(number)
                model.append(number)
            } else {
                #expect(fifo.popFirst() == (model.isEmpty ? nil : model.removeFirst()))
            }
            #expect(fifo.count == model.count && fifo.first == model.first)
        }
    }

    @Test func `elements are changed in place until told to stop`() {
        var fifo = Fifo<Int>()
        for number in 1...4 { fifo.append(number) }
        _ = fifo.popFirst()
        fifo.update { number in
            number *= 10
            return number < 30
        }
        #expect([fifo.popFirst(), fifo.popFirst(), fifo.popFirst()] == [20, 30, 4])
    }
}
