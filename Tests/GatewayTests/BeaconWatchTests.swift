import Testing

@testable import Gateway

struct BeaconWatchTests {
    private let start = ContinuousClock.now

    private func watch() -> BeaconWatch<ContinuousClock.Instant> { BeaconWatch(patience: .seconds(5), now: self.start) }
    private func at(_ seconds: Int) -> ContinuousClock.Instant { self.start + .seconds(seconds) }

    @Test func `a node is deaf until it has subscribed and asked for the heads`() {
        var watch = self.watch()
        #expect(watch.isDeaf)
        #expect(watch.subscribed(now: self.at(0)) == .check)
        #expect(watch.checked(succeeded: true, now: self.at(1)) == nil)
        #expect(!watch.isDeaf)
    }

    @Test func `after five silent seconds it resubscribes and is deaf until it has, and has asked for the heads`() {
        var watch = self.watch()
        _ = watch.subscribed(now: self.at(0))
        _ = watch.checked(succeeded: true, now: self.at(0))
        watch.heard(now: self.at(2))
        #expect(watch.tick(now: self.at(6)) == nil)
        #expect(watch.tick(now: self.at(7)) == .resubscribeAndCheck)
        #expect(watch.isDeaf)
        #expect(watch.tick(now: self.at(13)) == nil, "one check at a time")
        #expect(watch.checked(succeeded: true, now: self.at(13)) == nil)
        #expect(watch.isDeaf, "not subscribed yet")
        #expect(watch.subscribed(now: self.at(14)) == .check)
        #expect(watch.checked(succeeded: true, now: self.at(14)) == nil)
        #expect(!watch.isDeaf)
    }

    @Test func `without a subscription it stays deaf and goes on asking`() {
        var watch = self.watch()
        _ = watch.subscribed(now: self.at(0))
        _ = watch.checked(succeeded: true, now: self.at(0))
        watch.lost()
        for seconds in [5, 10, 15] {
            #expect(watch.tick(now: self.at(seconds)) == .resubscribeAndCheck)
            #expect(watch.checked(succeeded: true, now: self.at(seconds)) == nil)
            #expect(watch.isDeaf)
        }
    }

    @Test func `a check that failed is tried again`() {
        var watch = self.watch()
        _ = watch.subscribed(now: self.at(0))
        #expect(watch.checked(succeeded: false, now: self.at(1)) == nil)
        #expect(watch.isDeaf)
        #expect(watch.tick(now: self.at(5)) == .resubscribeAndCheck)
    }

    @Test func `a loss during a check is followed by another check`() {
        var watch = self.watch()
        _ = watch.subscribed(now: self.at(0))
        watch.lost()
        #expect(watch.subscribed(now: self.at(1)) == nil)
        #expect(watch.checked(succeeded: true, now: self.at(2)) == .check)
        #expect(watch.isDeaf)
        #expect(watch.checked(succeeded: true, now: self.at(3)) == nil)
        #expect(!watch.isDeaf)
    }
}
