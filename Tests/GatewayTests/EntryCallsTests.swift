import ChatAPI
import Testing

@testable import Gateway

struct EntryCallsTests {
    private func ranges(_ limits: [Int]) -> [LookupEntries.Range] {
        limits.enumerated().map { index, limit in
            LookupEntries.Range(chatroomId: ChatroomID(Int64(index + 1)), after: 0, upTo: Seq(limit), limit: limit)
        }
    }

    @Test func `a call has at most twenty ranges, and every range is in one`() {
        let ranges = self.ranges(Array(repeating: 3, count: 45))
        let slices = EntryCalls.slices(of: ranges)
        #expect(slices.map(\.count) == [20, 20, 5])
        #expect(slices.flatMap { $0 } == ranges)
        #expect(EntryCalls.slices(of: []).isEmpty)
    }

    @Test func `what fits is asked for as it is`() {
        let ranges = self.ranges([500, 1, 499])
        #expect(EntryCalls.shares(of: ranges) == ranges)
    }

    @Test(arguments: [
        ([500, 500, 500], [333, 333, 334]),
        ([500, 10, 500, 500], [330, 10, 330, 330]),
        (Array(repeating: 500, count: 20), Array(repeating: 50, count: 20)),
    ])
    func `of what is too much the shortest are whole, and the others get the same`(wanted: [Int], given: [Int]) {
        let shares = EntryCalls.shares(of: self.ranges(wanted))
        #expect(shares.map(\.limit).sorted() == given.sorted())
        #expect(shares.reduce(0) { $0 + $1.limit } <= EntryCalls.maxEntries)
        #expect(shares.map(\.chatroomId) == self.ranges(wanted).map(\.chatroomId))
    }
}

struct MissingEntriesTests {
    private func missing(_ counts: Seq...) -> [MissingEntries] {
        counts.enumerated().map { index, count in
            MissingEntries(chatroom: ChatroomID(Int64(index + 1)), after: 7, upTo: 7 + count)
        }
    }

    @Test func `chatrooms that lack little are asked for together, in their order`() {
        let all = self.missing(200, 200, 100, 1, 499, 1)
        let groups = MissingEntries.groups(of: all)
        #expect(groups.map { $0.map(\.count) } == [[200, 200, 100], [1, 499], [1]])
        #expect(groups.flatMap { $0 } == all)
    }

    @Test func `at most twenty are asked for together`() {
        let all = (1...41).map { MissingEntries(chatroom: ChatroomID($0), after: 0, upTo: 1) }
        #expect(MissingEntries.groups(of: all).map(\.count) == [20, 20, 1])
    }

    @Test func `of one that lacks much the beginning is asked for`() {
        let groups = MissingEntries.groups(of: self.missing(1_000, 3))
        #expect(groups.map { $0.map(\.range.limit) } == [[500], [3]])
        #expect(groups[0][0].range.upTo == 1_007)
    }

    @Test func `a client that is ahead of this node lacks nothing`() {
        #expect(self.missing(-3)[0].count == 0)
        #expect(self.missing(-3)[0].range.limit == 0)
    }
}
