import ChatAPI
import Foundation
import Testing

@testable import Social

struct FriendRequestRulesTests {
    let rules = FriendRequestRules(maxPerDay: 20, maxPending: 10, coolDown: .seconds(3600))
    let now = Date(timeIntervalSince1970: 1_800_000_000)

    func decide(_ change: (inout FriendRequestRules.Situation) -> Void) -> FriendRequestRules.Decision {
        var situation = FriendRequestRules.Situation(now: self.now)
        change(&situation)
        return self.rules.decide(situation)
    }

    @Test func `where nothing stands between two people, a request is made`() {
        #expect(self.decide { _ in } == .ask)
    }

    @Test func `friends need no request`() {
        #expect(self.decide { $0.areFriends = true } == .refuse(.alreadyFriends))
    }

    @Test func `a block stops a request, also one that would be agreeing`() {
        #expect(self.decide { $0.isBlocked = true } == .refuse(.forbidden))
        let crossed = self.decide {
            $0.isBlocked = true
            $0.pending = .init(id: FriendRequestID(7), isOwn: false)
        }
        #expect(crossed == .refuse(.forbidden))
    }

    @Test func `asking again while a request waits is refused`() {
        #expect(self.decide { $0.pending = .init(id: FriendRequestID(7), isOwn: true) } == .refuse(.alreadyRequested))
    }

    @Test func `asking whoever has asked is agreeing, over every quota`() {
        let decision = self.decide {
            $0.pending = .init(id: FriendRequestID(7), isOwn: false)
            $0.pendingSent = 99
            $0.dayFullSince = self.now
            $0.rejectedAt = self.now
        }
        #expect(decision == .agree(FriendRequestID(7)))
    }

    @Test func `the tenth request may wait, the eleventh may not`() {
        #expect(self.decide { $0.pendingSent = 9 } == .ask)
        #expect(self.decide { $0.pendingSent = 10 } == .wait(3600))
    }

    @Test func `a full day ends when its oldest request is a day old`() {
        #expect(self.decide { $0.dayFullSince = self.now - 86_000 } == .wait(400))
        #expect(self.decide { $0.dayFullSince = self.now - 86_400 } == .ask)
    }

    @Test func `after a rejection the same person is asked again only when it has cooled down`() {
        #expect(self.decide { $0.rejectedAt = self.now - 3599.5 } == .wait(1))
        #expect(self.decide { $0.rejectedAt = self.now - 3600 } == .ask)
    }

    @Test func `of several waits the longest is told`() {
        let decision = self.decide {
            $0.rejectedAt = self.now - 3000
            $0.dayFullSince = self.now - 80_000
            $0.pendingSent = 10
        }
        #expect(decision == .wait(6400))
    }
}

struct RoleTests {
    @Test func `everybody stands above those below, nobody above their like`() {
        let above: [(Role, Role)] = [(.owner, .admin), (.owner, .member), (.admin, .member)]
        for one in [Role.owner, .admin, .member] {
            for other in [Role.owner, .admin, .member] {
                #expect(one.isAbove(other) == above.contains { $0 == (one, other) })
            }
        }
        #expect([Role.owner, .admin, .member].filter(\.managesGroup) == [.owner, .admin])
    }

    @Test func `a pair is the same from both sides`() {
        #expect(Pair(UserID(9), UserID(30)) == Pair(UserID(30), UserID(9)))
        #expect(Pair(UserID(30), UserID(9)).directKey == "9:30")
    }
}
