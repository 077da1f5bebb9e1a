import Testing

@testable import Redis

struct SubscriptionsTests {
    private func connected() -> Subscriptions<Int> {
        var subscriptions = Subscriptions<Int>()
        #expect(subscriptions.connected() == [])
        return subscriptions
    }

    @Test func `a subscription is sent once and confirmed to all who wait`() {
        var subscriptions = self.connected()
        #expect(subscriptions.subscribe("a", waiter: 1) == .send)
        #expect(subscriptions.subscribe("a", waiter: 2) == .wait)
        #expect(subscriptions.answered("a") == [1, 2])
        #expect(subscriptions.subscribe("a", waiter: 3) == .confirmed)
    }

    @Test func `what is wanted before there is a connection is asked for when there is one`() {
        var subscriptions = Subscriptions<Int>()
        #expect(subscriptions.subscribe("a", waiter: 1) == .wait)
        #expect(subscriptions.connected() == ["a"])
        #expect(subscriptions.answered("a") == [1])
    }

    @Test func `after a loss everything wanted is asked for again, and whoever waits goes on waiting`() {
        var subscriptions = self.connected()
        #expect(subscriptions.subscribe("a") == .send)
        #expect(subscriptions.answered("a") == [])
        #expect(subscriptions.subscribe("b", waiter: 1) == .send)
        subscriptions.lost()
        #expect(subscriptions.subscribe("a", waiter: 2) == .wait)
        #expect(Set(subscriptions.connected()) == ["a", "b"])
        #expect(subscriptions.answered("b") == [1])
        #expect(subscriptions.answered("a") == [2])
    }

    @Test func `subscribed again before the unsubscription is answered, only the last answer confirms`() {
        var subscriptions = self.connected()
        #expect(subscriptions.subscribe("a", waiter: 1) == .send)
        let left = subscriptions.unsubscribe("a")
        #expect(left.send)
        #expect(left.waiters == [1])
        #expect(!subscriptions.wants("a"))
        #expect(subscriptions.subscribe("a", waiter: 2) == .send)
        #expect(subscriptions.answered("a") == nil)
        #expect(subscriptions.answered("a") == nil)
        #expect(subscriptions.answered("a") == [2])
    }

    @Test func `an unsubscription leaves nothing behind`() {
        var subscriptions = self.connected()
        #expect(subscriptions.subscribe("a") == .send)
        _ = subscriptions.answered("a")
        #expect(subscriptions.unsubscribe("a").send)
        #expect(!subscriptions.unsubscribe("a").send)
        #expect(subscriptions.answered("a") == nil)
        subscriptions.lost()
        #expect(subscriptions.connected() == [])
    }

    @Test func `an answer nobody asked for changes nothing`() {
        var subscriptions = self.connected()
        #expect(subscriptions.answered("x") == nil)
        #expect(subscriptions.count == 0)
    }
}
