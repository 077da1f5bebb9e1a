import NIOCore
import NIOEmbedded
import Testing

@testable import Sockets

struct DeadlineWheelTests {
    private final class Sleeper: DeadlineEntry {
        var wheelPlace: DeadlineWheel.Place?
        var woken: [NIODeadline] = []
        var onWake: (Sleeper, NIODeadline) -> Void = { _, _ in }
        func deadlineReached(now: NIODeadline) {
            self.woken.append(now)
            self.onWake(self, now)
        }
    }

    private struct Weak {
        weak var sleeper: Sleeper?
        init(_ sleeper: Sleeper?) { self.sleeper = sleeper }
    }

    private let loop = EmbeddedEventLoop()
    private let wheel: DeadlineWheel
    init() { self.wheel = DeadlineWheel(eventLoop: self.loop, tick: .milliseconds(10), slots: 16) }

    @Test(arguments: [0, 1, 9, 10, 11, 155, 160, 161, 5000])
    func `nobody is woken early, and nobody more than a tick late`(_ milliseconds: Int64) {
        let sleeper = Sleeper()
        let deadline = self.loop.now + .milliseconds(milliseconds)
        self.wheel.arm(sleeper, at: deadline)
        for _ in 0..<600 {
            self.loop.advanceTime(by: .milliseconds(10))
            if !sleeper.woken.isEmpty { break }
        }
        #expect(sleeper.woken.count == 1)
        #expect(sleeper.woken.allSatisfy { $0 >= deadline && $0 <= deadline + .milliseconds(20) })
    }

    @Test func `an earlier deadline counts, a later one does not`() {
        let sleeper = Sleeper()
        let start = self.loop.now
        self.wheel.arm(sleeper, at: start + .milliseconds(100))
        self.wheel.arm(sleeper, at: start + .milliseconds(200))
        self.wheel.arm(sleeper, at: start + .milliseconds(50))
        self.loop.advanceTime(by: .milliseconds(60))
        #expect(sleeper.woken.count == 1)
        self.loop.advanceTime(by: .milliseconds(1000))
        #expect(sleeper.woken.count == 1)
    }

    @Test func `who arms itself again when woken goes on like a clock`() {
        let sleeper = Sleeper()
        let wheel = self.wheel
        sleeper.onWake = { sleeper, now in
            if sleeper.woken.count < 10 { wheel.arm(sleeper, at: now + .milliseconds(100)) }
        }
        wheel.arm(sleeper, at: self.loop.now + .milliseconds(100))
        for _ in 0..<200 { self.loop.advanceTime(by: .milliseconds(10)) }
        #expect(sleeper.woken.count == 10)
    }

    @Test func `who is disarmed is neither woken nor kept alive`() {
        var sleeper: Sleeper? = Sleeper()
        let seen = Weak(sleeper)
        sleeper.map { self.wheel.arm($0, at: self.loop.now + .seconds(60)) }
        sleeper.map { self.wheel.disarm($0) }
        sleeper = nil
        #expect(seen.sleeper == nil)
        self.loop.advanceTime(by: .seconds(120))
    }

    @Test func `whatever is armed and disarmed, exactly those who stand in it are woken, once each`() {
        var random = SystemRandomNumberGenerator()
        let sleepers = (0..<50).map { _ in Sleeper() }
        var due: [Int: NIODeadline] = [:]
        var expected = [Int](repeating: 0, count: sleepers.count)
        for _ in 0..<5_000 {
            let index = Int.random(in: 0..<sleepers.count, using: &random)
            switch Int.random(in: 0..<3, using: &random) {
            case 0:
                let deadline = self.loop.now + .milliseconds(Int64.random(in: 0..<400, using: &random))
                self.wheel.arm(sleepers[index], at: deadline)
                due[index] = min(deadline, due[index] ?? deadline)
            case 1:
                self.wheel.disarm(sleepers[index])
                due[index] = nil
            default:
                self.loop.advanceTime(by: .milliseconds(Int64.random(in: 0..<30, using: &random)))
                // Up to a tick late: who is due within it may have been woken or not.
                for (sleeper, deadline) in due where deadline <= self.loop.now {
                    let isWoken = sleepers[sleeper].woken.count > expected[sleeper]
                    if isWoken || deadline + .milliseconds(10) <= self.loop.now {
                        expected[sleeper] += 1
                        due[sleeper] = nil
                    }
                }
            }
        }
        self.loop.advanceTime(by: .seconds(1))
        for index in due.keys { expected[index] += 1 }
        #expect(sleepers.map(\.woken.count) == expected)
    }

    @Test func `who is woken may disarm another who is due at the same time`() {
        let (first, second) = (Sleeper(), Sleeper())
        let wheel = self.wheel
        first.onWake = { _, _ in wheel.disarm(second) }
        let deadline = self.loop.now + .milliseconds(50)
        wheel.arm(first, at: deadline)
        wheel.arm(second, at: deadline)
        self.loop.advanceTime(by: .seconds(1))
        #expect(first.woken.count == 1)
        #expect(second.woken.isEmpty)
        wheel.arm(second, at: self.loop.now + .milliseconds(50))
        self.loop.advanceTime(by: .seconds(1))
        #expect(second.woken.count == 1)
    }

    @Test func `after a standstill all who are due are woken`() {
        let sleepers = (0..<100).map { _ in Sleeper() }
        for (index, sleeper) in sleepers.enumerated() {
            self.wheel.arm(sleeper, at: self.loop.now + .milliseconds(Int64(index) * 7))
        }
        self.loop.advanceTime(by: .seconds(3600))
        #expect(sleepers.allSatisfy { $0.woken.count == 1 })
    }
}
