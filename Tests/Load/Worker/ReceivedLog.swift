import ChatAPI

/// What one receiver has got of one chatroom's log: each seq must come once, in order, without a hole.
struct ReceivedLog {
    enum Arrival: Equatable {
        case inOrder
        /// Came after a later one.
        case reordered
        case doubled
        /// Some before it have not come.
        case afterHole(Seq)
    }

    /// The highest seq it holds or was told it need not hold.
    private(set) var last: Seq
    /// Below `last`, and not here.
    private(set) var missing: Set<Seq> = []
    /// Holes of more than this are counted and not kept.
    private static let maxMissing: Seq = 10_000
    private var forgotten: Seq = 0

    init(last: Seq) { self.last = last }

    mutating func receive(_ seq: Seq) -> Arrival {
        if seq == self.last + 1 {
            self.last = seq
            return .inOrder
        }
        if seq <= self.last { return self.missing.remove(seq) == nil ? .doubled : .reordered }
        let hole = seq - self.last - 1
        if hole <= Self.maxMissing {
            self.missing.formUnion(self.last + 1..<seq)
        } else {
            self.forgotten += hole
        }
        self.last = seq
        return .afterHole(hole)
    }

    /// The server has said that it leaves out what is below `head`, to be read in pages.
    mutating func skip(to head: Seq) { self.last = max(self.last, head) }

    /// How many it lacks of a log that goes up to `head`.
    func lost(upTo head: Seq) -> Int { Int(self.forgotten) + self.missing.count + Int(max(0, head - self.last)) }
}
