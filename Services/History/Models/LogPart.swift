import ChatAPI

/// The entries of one log above `after`, up to and with `upTo`.
struct LogPart: Hashable, Sendable {
    let chatroom: ChatroomID
    let after: Seq
    let upTo: Seq

    var count: Int64 { max(0, self.upTo - self.after) }

    /// The first entries of the part, at most `limit`.
    func first(_ limit: Int64) -> LogPart {
        LogPart(chatroom: self.chatroom, after: self.after, upTo: self.after + min(self.count, max(0, limit)))
    }

    /// Cuts parts so that each holds at most `each` entries and all together at most `total`. Small parts are served
    /// first: many chatrooms that are a little behind are complete before one that is far behind.
    static func cut(_ parts: [LogPart], each: Int64, total: Int64) -> [LogPart] {
        var left = total
        var cut = parts
        for index in parts.indices.sorted(by: { parts[$0].count < parts[$1].count }) {
            cut[index] = parts[index].first(min(each, left))
            left -= cut[index].count
        }
        return cut
    }
}
