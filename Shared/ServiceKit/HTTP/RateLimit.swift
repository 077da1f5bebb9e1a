/// So many per time, and a number at once: a bucket that fills steadily and is emptied by each that passes.
package struct TokenBucket: Hashable, Sendable {
    /// Passes that have gathered.
    private var level: Double
    private var updated: ContinuousClock.Instant
    private let perSecond: Double
    private let burst: Double

    package init(perSecond: Double, burst: Int, now: ContinuousClock.Instant) {
        precondition(perSecond > 0 && burst > 0, "a bucket fills and holds something")
        self.level = Double(burst)
        self.updated = now
        self.perSecond = perSecond
        self.burst = Double(burst)
    }

    /// Takes one pass.
    ///
    /// - Returns: `nil` where there was one, else how long until there is.
    package mutating func take(at now: ContinuousClock.Instant) -> Duration? {
        let passed = max(0, (now - self.updated) / .seconds(1))
        self.level = min(self.burst, self.level + passed * self.perSecond)
        self.updated = max(self.updated, now)
        guard self.level < 1 else {
            self.level -= 1
            return nil
        }
        return .seconds((1 - self.level) / self.perSecond)
    }

    /// Whether it is full, and nothing is lost by forgetting it.
    package func isFull(at now: ContinuousClock.Instant) -> Bool {
        self.level + (now - self.updated) / .seconds(1) * self.perSecond >= self.burst
    }
}

/// A ``TokenBucket`` for each of many; those that are full again are forgotten.
package struct RateLimiter<Key: Hashable & Sendable>: Sendable {
    private var buckets: [Key: TokenBucket] = [:]
    private let perSecond: Double
    private let burst: Int
    private var sweepAt = 1_024

    package init(perSecond: Double, burst: Int) {
        self.perSecond = perSecond
        self.burst = burst
    }

    /// How many keys are remembered.
    package var count: Int { self.buckets.count }

    /// - Returns: `nil` where the key may pass, else how long until it may.
    package mutating func take(_ key: Key, at now: ContinuousClock.Instant) -> Duration? {
        if self.buckets.count >= self.sweepAt {
            self.buckets = self.buckets.filter { !$0.value.isFull(at: now) }
            self.sweepAt = max(1_024, self.buckets.count * 2)
        }
        return self.buckets[key, default: TokenBucket(perSecond: self.perSecond, burst: self.burst, now: now)].take(
            at: now)
    }
}
