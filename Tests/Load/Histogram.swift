/// Counts of durations in buckets that grow with them (log-linear, as HdrHistogram): from a microsecond to over an hour,
/// each known to 1 %, in a few kilobytes, however many there are.
struct Histogram: Codable, Sendable {
    /// Buckets of each power of two.
    private static let subBuckets: UInt64 = 128
    private static let subBits = 7
    private static let maxMicroseconds: UInt64 = 1 << 32

    /// By bucket.
    private var counts: [UInt64] = []
    private(set) var count: UInt64 = 0
    /// Microseconds.
    private(set) var max: UInt64 = 0
    private var sum: UInt64 = 0

    mutating func record(nanoseconds: UInt64) { self.record(microseconds: nanoseconds / 1_000) }

    mutating func record(microseconds: UInt64) {
        let value = min(microseconds, Self.maxMicroseconds)
        let bucket = Self.bucket(of: value)
        if bucket >= self.counts.count {
            self.counts.append(contentsOf: repeatElement(0, count: bucket + 1 - self.counts.count))
        }
        self.counts[bucket] += 1
        self.count += 1
        self.sum += value
        self.max = Swift.max(self.max, value)
    }

    mutating func add(_ other: Histogram) {
        if other.counts.count > self.counts.count {
            self.counts.append(contentsOf: repeatElement(0, count: other.counts.count - self.counts.count))
        }
        for (bucket, count) in other.counts.enumerated() { self.counts[bucket] += count }
        self.count += other.count
        self.sum += other.sum
        self.max = Swift.max(self.max, other.max)
    }

    /// The duration in milliseconds that a share of all did not exceed; 0 where there are none.
    func quantile(_ share: Double) -> Double {
        guard self.count > 0 else { return 0 }
        let wanted = Swift.max(1, UInt64((share * Double(self.count)).rounded(.up)))
        var seen: UInt64 = 0
        for (bucket, count) in self.counts.enumerated() {
            seen += count
            if seen >= wanted { return Double(Swift.min(Self.highest(of: bucket), self.max)) / 1_000 }
        }
        return Double(self.max) / 1_000
    }

    /// Milliseconds.
    var mean: Double { self.count == 0 ? 0 : Double(self.sum) / Double(self.count) / 1_000 }

    private static func bucket(of value: UInt64) -> Int {
        guard value >= Self.subBuckets else { return Int(value) }
        let shift = 63 - value.leadingZeroBitCount - Self.subBits
        return Int((UInt64(shift) + 1) * Self.subBuckets + (value >> UInt64(shift)) - Self.subBuckets)
    }

    /// The greatest value that falls into a bucket.
    private static func highest(of bucket: Int) -> UInt64 {
        let bucket = UInt64(bucket)
        guard bucket >= Self.subBuckets else { return bucket }
        let shift = bucket / Self.subBuckets - 1
        return (bucket % Self.subBuckets + Self.subBuckets + 1) << shift - 1
    }
}
