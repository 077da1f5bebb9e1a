import Synchronization

/// A time that stands still until a test moves it.
final class Moved: Sendable {
    private let now = Mutex(ContinuousClock.now)

    var value: ContinuousClock.Instant { self.now.withLock { $0 } }

    func advance(by duration: Duration) { self.now.withLock { $0 += duration } }
}
