import ChatAPI

/// What a client lacks of one chatroom: the entries above `after`, up to and with `upTo`.
struct MissingEntries: Hashable {
    let chatroom: ChatroomID
    var after: Seq
    let upTo: Seq

    /// The most to ask for at once, for one chatroom or for several together: as many wait for the socket in memory.
    static var maxTogether: Int { 500 }

    /// None where the client is ahead of this node, too.
    var count: Int { Int(max(0, self.upTo - self.after)) }

    /// The first of them.
    var range: LookupEntries.Range {
        LookupEntries.Range(
            chatroomId: self.chatroom, after: self.after, upTo: self.upTo, limit: min(self.count, Self.maxTogether))
    }

    /// Those whose first entries are asked for together, in their order.
    static func groups(of all: [MissingEntries]) -> [[MissingEntries]] {
        var groups: [[MissingEntries]] = []
        var room = 0
        for missing in all {
            let wanted = missing.range.limit
            if let last = groups.indices.last, wanted <= room, groups[last].count < EntryCalls.maxRanges {
                groups[last].append(missing)
                room -= wanted
            } else {
                groups.append([missing])
                room = Self.maxTogether - wanted
            }
        }
        return groups
    }
}
