/// Which of several servers a channel belongs to: the one with the highest hash of both names.
///
/// Every process with the same list, in whatever order, chooses the same server, and a server more or less moves only the
/// channels that go to it or come from it (Thaler and Ravishankar, 1998).
struct RendezvousHash: Sendable {
    private let seeds: [UInt64]

    init(_ names: [String]) {
        precondition(!names.isEmpty, "a channel needs a server")
        self.seeds = names.map(Self.fnv1a)
    }

    /// The place of the server in the list given to `init`.
    func index(of channel: String) -> Int {
        guard self.seeds.count > 1 else { return 0 }
        let hash = Self.fnv1a(channel)
        var best = 0
        var bestWeight: UInt64 = 0
        for (index, seed) in self.seeds.enumerated() {
            let weight = Self.mix(seed ^ hash)
            if weight > bestWeight || index == 0 { (best, bestWeight) = (index, weight) }
        }
        return best
    }

    private static func fnv1a(_ text: String) -> UInt64 {
        text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
    }

    /// The finalizer of SplitMix64: every bit of the input moves every bit of the output.
    private static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
