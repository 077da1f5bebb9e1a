import ChatAPI

/// How parts of logs, asked for by many, are cut into calls: at most 20 ranges and 1,000 entries in each.
enum EntryCalls {
    static var maxRanges: Int { 20 }
    static var maxEntries: Int { 1_000 }

    static func slices(of ranges: [LookupEntries.Range]) -> [[LookupEntries.Range]] {
        stride(from: 0, to: ranges.count, by: self.maxRanges).map { start in
            Array(ranges[start..<min(start + self.maxRanges, ranges.count)])
        }
    }

    /// What is asked for in place of a slice: where that is too much in all, the longest get the same and less than they
    /// want, never nothing. The rest is to be asked for again.
    static func shares(of slice: [LookupEntries.Range]) -> [LookupEntries.Range] {
        var shares = slice
        var left = self.maxEntries
        let shortestFirst = slice.indices.sorted { slice[$0].limit < slice[$1].limit }
        for (place, index) in shortestFirst.enumerated() {
            shares[index].limit = min(slice[index].limit, left / (slice.count - place))
            left -= shares[index].limit
        }
        return shares
    }
}
