import ChatAPI

/// How far one chatroom's log was delivered on this node, and what to do with the next thing heard of it.
///
/// Members see an unbroken, ordered stream: the entry after the last one is delivered; what lies above a hole waits, 20 ms
/// for hints that overtook each other, and then until the range was fetched; what was delivered is dropped.
struct ChatroomPosition {
    struct Range: Hashable {
        /// Entries above `after`, up to and with `upTo`.
        var after: Seq
        var upTo: Seq
    }

    enum Next: Hashable {
        /// Call ``pauseIsOver()`` after a pause.
        case pause
        /// Fetch the range and call ``fetched(_:)``, or ``fetchFailed()``.
        case fetch(Range)
    }

    /// What to do, in this order.
    struct Step: Equatable {
        var deliver: [BusEntry] = []
        var next: Next?
    }

    private enum Work: Hashable { case none, pausing, fetching(Range) }

    /// What may wait above a hole; the rest is fetched.
    static var maxWaiting: Int { 500 }

    /// The last seq that was delivered here.
    private(set) var last: Seq
    /// The newest seq that is known to exist.
    private(set) var newest: Seq
    private var waiting: [Seq: BusEntry] = [:]
    private var work = Work.none

    /// - Parameter last: a head of the log that was read before the channel was subscribed, or later.
    init(last: Seq) {
        self.last = last
        self.newest = last
    }

    /// Whether something is missing that is known to exist.
    var isBehind: Bool { self.last < self.newest }

    /// A hint from the bus. Seq 0 is ephemeral: it has no place in the log and is delivered at once.
    mutating func heard(_ entry: BusEntry) -> Step {
        guard entry.seq > 0 else { return Step(deliver: [entry]) }
        guard entry.seq > self.last else { return Step() }
        self.newest = max(self.newest, entry.seq)
        if self.waiting.count < Self.maxWaiting || entry.seq == self.last + 1 { self.waiting[entry.seq] = entry }
        return self.proceed()
    }

    /// A head from the beacon or from asking. Hints of its entries may still be on their way: they are waited for.
    mutating func heard(head: Seq) -> Step {
        self.newest = max(self.newest, head)
        return self.proceed()
    }

    mutating func pauseIsOver() -> Step {
        guard self.work == .pausing else { return Step() }
        self.work = .none
        guard let missing = self.missing else { return Step() }
        self.work = .fetching(missing)
        return Step(next: .fetch(missing))
    }

    /// The answer to the fetch: entries above its `after`, ascending, without a hole, perhaps not all that were asked for.
    mutating func fetched(_ entries: [BusEntry]) -> Step {
        guard case .fetching(let range) = self.work else { return Step() }
        self.work = .none
        let before = self.last
        for entry in entries where entry.seq > self.last { self.waiting[entry.seq] = entry }
        var step = self.proceed()
        // A replica that is behind may answer nothing: that is asked again, after a pause.
        if self.last == before, self.last < range.upTo, step.next == nil {
            self.work = .pausing
            step.next = .pause
        }
        return step
    }

    mutating func fetchFailed() -> Step {
        guard case .fetching = self.work else { return Step() }
        self.work = .pausing
        return Step(next: .pause)
    }

    /// The first range that is missing, up to what waits above it.
    private var missing: Range? {
        guard self.isBehind else { return nil }
        let above = self.waiting.keys.min() ?? self.newest + 1
        return Range(after: self.last, upTo: above - 1)
    }

    private mutating func proceed() -> Step {
        var step = Step()
        while let entry = self.waiting.removeValue(forKey: self.last + 1) {
            self.last = entry.seq
            step.deliver.append(entry)
        }
        if self.isBehind, self.work == .none {
            self.work = .pausing
            step.next = .pause
        }
        return step
    }
}
