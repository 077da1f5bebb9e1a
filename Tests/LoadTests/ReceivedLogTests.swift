import Testing

@testable import loadtest

struct ReceivedLogTests {
    @Test func `entries in order lose nothing`() {
        var log = ReceivedLog(last: 4)
        for seq in 5...9 as ClosedRange<Int64> { #expect(log.receive(seq) == .inOrder) }
        #expect(log.lost(upTo: 9) == 0)
        #expect(log.lost(upTo: 12) == 3)
    }

    @Test func `what comes twice is doubled`() {
        var log = ReceivedLog(last: 0)
        _ = log.receive(1)
        #expect(log.receive(1) == .doubled)
        #expect(log.receive(2) == .inOrder)
    }

    @Test func `what fills a hole later is out of order and not lost`() {
        var log = ReceivedLog(last: 0)
        #expect(log.receive(3) == .afterHole(2))
        #expect(log.lost(upTo: 3) == 2)
        #expect(log.receive(2) == .reordered)
        #expect(log.receive(2) == .doubled)
        #expect(log.lost(upTo: 3) == 1)
    }

    @Test func `a hole too large to keep is lost all the same`() {
        var log = ReceivedLog(last: 0)
        #expect(log.receive(50_001) == .afterHole(50_000))
        #expect(log.lost(upTo: 50_001) == 50_000)
    }

    @Test func `what the server leaves out is not lost`() {
        var log = ReceivedLog(last: 5)
        log.skip(to: 100)
        #expect(log.receive(101) == .inOrder)
        #expect(log.lost(upTo: 101) == 0)
    }
}
