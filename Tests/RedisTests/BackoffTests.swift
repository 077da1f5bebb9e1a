import Testing

@testable import Redis

struct BackoffTests {
    @Test func `delays double up to the longest, between half and whole`() {
        var backoff = Backoff(shortest: .milliseconds(100), longest: .seconds(1))
        #expect(backoff.delay(chance: 1) == .milliseconds(100))
        #expect(backoff.delay(chance: 0) == .milliseconds(100))
        #expect(backoff.delay(chance: 1) == .milliseconds(400))
        #expect(backoff.delay(chance: 1) == .milliseconds(800))
        #expect(backoff.delay(chance: 1) == .seconds(1))
        #expect(backoff.delay(chance: 0) == .milliseconds(500))
        backoff.reset()
        #expect(backoff.delay(chance: 1) == .milliseconds(100))
    }
}
