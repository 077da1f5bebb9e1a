import ChatAPI
import Testing

@testable import Gateway

struct ChatroomPositionTests {
    private func entry(_ seq: Seq) -> BusEntry { BusEntry(seq: seq, event: "[\"message\",{\"seq\":\(seq)}]") }
    private func seqs(_ step: ChatroomPosition.Step) -> [Seq] { step.deliver.map(\.seq) }

    @Test func `the entry after the last is delivered at once`() {
        var position = ChatroomPosition(last: 4)
        let step = position.heard(self.entry(5))
        #expect(self.seqs(step) == [5])
        #expect(step.next == nil)
        #expect(position.last == 5)
    }

    @Test func `what was delivered is dropped when it comes again`() {
        var position = ChatroomPosition(last: 4)
        #expect(position.heard(self.entry(4)) == .init())
        #expect(position.heard(self.entry(1)) == .init())
        #expect(position.last == 4)
    }

    @Test func `an ephemeral event has no place and is delivered at once, also above a hole`() {
        var position = ChatroomPosition(last: 4)
        _ = position.heard(self.entry(7))
        #expect(self.seqs(position.heard(self.entry(0))) == [0])
        #expect(position.last == 4)
    }

    @Test func `hints that overtook each other are put in order within the pause`() {
        var position = ChatroomPosition(last: 4)
        let first = position.heard(self.entry(6))
        #expect(first.deliver.isEmpty)
        #expect(first.next == .pause)
        #expect(self.seqs(position.heard(self.entry(5))) == [5, 6])
        #expect(position.pauseIsOver() == .init())
    }

    @Test func `a hole that stays is fetched, once, and what waited follows`() {
        var position = ChatroomPosition(last: 4)
        _ = position.heard(self.entry(8))
        #expect(position.heard(self.entry(9)) == .init())
        #expect(position.pauseIsOver() == .init(next: .fetch(.init(after: 4, upTo: 7))))
        #expect(position.heard(self.entry(10)) == .init())
        let step = position.fetched([5, 6, 7].map(self.entry))
        #expect(self.seqs(step) == [5, 6, 7, 8, 9, 10])
        #expect(step.next == nil)
    }

    @Test func `a head above the last finds what was lost with nothing after it`() {
        var position = ChatroomPosition(last: 4)
        #expect(position.heard(head: 4) == .init())
        #expect(position.heard(head: 6).next == .pause)
        #expect(position.isBehind)
        #expect(position.pauseIsOver().next == .fetch(.init(after: 4, upTo: 6)))
        #expect(self.seqs(position.fetched([5, 6].map(self.entry))) == [5, 6])
        #expect(!position.isBehind)
    }

    @Test func `a hint that comes during the fetch is not delivered twice`() {
        var position = ChatroomPosition(last: 4)
        _ = position.heard(head: 6)
        _ = position.pauseIsOver()
        #expect(self.seqs(position.heard(self.entry(5))) == [5])
        #expect(self.seqs(position.fetched([5, 6].map(self.entry))) == [6])
    }

    @Test func `a part of what was asked for is delivered and the rest asked for again`() {
        var position = ChatroomPosition(last: 0)
        _ = position.heard(head: 4)
        _ = position.pauseIsOver()
        let step = position.fetched([1, 2].map(self.entry))
        #expect(self.seqs(step) == [1, 2])
        #expect(step.next == .pause)
        #expect(position.pauseIsOver().next == .fetch(.init(after: 2, upTo: 4)))
    }

    @Test func `a fetch that failed or brought nothing is tried again after a pause`() {
        var position = ChatroomPosition(last: 0)
        _ = position.heard(head: 1)
        _ = position.pauseIsOver()
        #expect(position.fetchFailed().next == .pause)
        _ = position.pauseIsOver()
        #expect(position.fetched([]).next == .pause)
        #expect(position.pauseIsOver().next == .fetch(.init(after: 0, upTo: 1)))
    }

    @Test func `what waits above a hole is bounded, and nothing is missing in the end`() {
        var position = ChatroomPosition(last: 0)
        for seq in 2...Seq(ChatroomPosition.maxWaiting + 500) {
            #expect(position.heard(self.entry(seq)).deliver.isEmpty)
        }
        var step = position.pauseIsOver()
        var delivered: [Seq] = []
        while let next = step.next {
            if case .fetch(let range) = next {
                step = position.fetched((range.after + 1...range.upTo).map(self.entry))
            } else {
                step = position.pauseIsOver()
            }
            delivered += self.seqs(step)
        }
        #expect(delivered == Array(1...Seq(ChatroomPosition.maxWaiting + 500)))
    }

    /// Whatever order, doubling and loss the bus has: with the fetches answered, every entry is delivered once, in order.
    @Test(arguments: 0..<200) func `any disorder of the bus comes out as the log`(seed: UInt64) {
        var random = SplitMix(state: seed)
        let log = (1...40).map { self.entry(Seq($0)) }
        var hints = log.flatMap { entry in
            Array(repeating: entry, count: [0, 1, 1, 2].randomElement(using: &random) ?? 1)
        }
        hints.shuffle(using: &random)
        var position = ChatroomPosition(last: 0)
        var delivered: [Seq] = []
        var next: ChatroomPosition.Next?
        func take(_ step: ChatroomPosition.Step) {
            delivered += step.deliver.map(\.seq)
            if let more = step.next { next = more }
        }
        for hint in hints {
            take(position.heard(hint))
            if Bool.random(using: &random), let now = next {
                next = nil
                switch now {
                case .pause: take(position.pauseIsOver())
                case .fetch(let range):
                    let part = Int.random(in: 0...Int(range.upTo - range.after), using: &random)
                    take(position.fetched(Array(log[Int(range.after)..<Int(range.after) + part])))
                }
            }
        }
        take(position.heard(head: 40))
        while let now = next {
            next = nil
            switch now {
            case .pause: take(position.pauseIsOver())
            case .fetch(let range): take(position.fetched(Array(log[Int(range.after)..<Int(range.upTo)])))
            }
        }
        #expect(delivered == Array(1...40))
    }
}

private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9e37_79b9_7f4a_7c15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
