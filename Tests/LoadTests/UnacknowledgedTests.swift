import Testing

@testable import loadtest

struct UnacknowledgedTests {
    @Test func `what is not answered in time is sent again, until it is answered`() {
        var messages = Unacknowledged()
        messages.sent(7, at: 100)
        messages.sent(8, at: 101)
        #expect(messages.overdue(at: 99 + Unacknowledged.patience) == [])
        #expect(messages.overdue(at: 100 + Unacknowledged.patience) == [7])
        #expect(messages.overdue(at: 101 + Unacknowledged.patience) == [8])
        let isAwaited = messages.settled(7)
        #expect(isAwaited)
        #expect(messages.overdue(at: 1_000 + 3 * Unacknowledged.patience) == [8])
        #expect(messages.count == 1)
    }

    @Test func `the second answer to a message sent twice counts for nothing`() {
        var messages = Unacknowledged()
        messages.sent(7, at: 100)
        #expect(messages.all(at: 200) == [7])
        let (first, second) = (messages.settled(7), messages.settled(7))
        #expect(first && !second)
    }

    @Test func `after a new connection all are sent again, in their order`() {
        var messages = Unacknowledged()
        for time in [9, 3, 5] as [UInt64] { messages.sent(time, at: time) }
        #expect(messages.all(at: 20) == [9, 3, 5])
        #expect(messages.overdue(at: 19 + Unacknowledged.patience) == [])
    }

    @Test func `"not now" is asked again after a pause`() {
        var messages = Unacknowledged()
        messages.sent(7, at: 100)
        messages.postponed(7, at: 200)
        #expect(messages.overdue(at: 199 + Unacknowledged.pause) == [])
        #expect(messages.overdue(at: 200 + Unacknowledged.pause) == [7])
    }
}
