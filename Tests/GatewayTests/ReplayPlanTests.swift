import ChatAPI
import Testing

@testable import Gateway

struct ReplayPlanTests {
    private func view(_ id: Int64, head: Seq, from: Seq = 1) -> ChatroomView {
        ChatroomView(id: ChatroomID(id), head: head, from: from, joined: 0)
    }

    private func plan(
        _ views: [ChatroomView], _ cursors: [Int64: Seq], perChatroom: Int = 1_000, perConnection: Int = 5_000
    ) -> [ReplayPlan.Chatroom] {
        let cursors = Dictionary(uniqueKeysWithValues: cursors.map { (ChatroomID($0.key), $0.value) })
        let limits = ReplayPlan.Limits(perChatroom: perChatroom, perConnection: perConnection)
        return ReplayPlan(views: views, cursors: cursors, limits: limits).chatrooms
    }

    @Test func `a chatroom without a cursor is live from its head`() {
        #expect(self.plan([self.view(1, head: 9)], [:]).map(\.after) == [9])
    }

    @Test func `what lies after the cursor is replayed`() {
        #expect(self.plan([self.view(1, head: 9)], [1: 4]).map(\.after) == [4])
    }

    @Test func `a cursor beyond the head is clamped to it, and one below the first visible entry to that`() {
        let plan = self.plan([self.view(1, head: 9), self.view(2, head: 9, from: 6)], [1: .max, 2: -7])
        #expect(plan.map(\.after) == [9, 5])
        #expect(plan.map(\.isBehind) == [false, false])
    }

    @Test func `a chatroom with more than its share is behind and live from its head`() {
        let plan = self.plan([self.view(1, head: 1_001), self.view(2, head: 1_000)], [1: 0, 2: 0])
        #expect(plan.map(\.isBehind) == [true, false])
        #expect(plan.map(\.after) == [1_001, 0])
    }

    @Test func `a connection's share is spent in order, and what no longer fits is behind`() {
        let plan = self.plan(
            [self.view(1, head: 8), self.view(2, head: 8), self.view(3, head: 2)], [1: 0, 2: 0, 3: 0],
            perChatroom: 10, perConnection: 10)
        #expect(plan.map(\.isBehind) == [false, true, false])
    }

    @Test func `the smallest and largest numbers do no harm`() {
        let plan = self.plan([self.view(1, head: .max), self.view(2, head: 0)], [1: .min, 2: .min])
        #expect(plan.map(\.isBehind) == [true, false])
    }
}
