/// The names of the channels on Redis pub/sub. What travels there are hints: any may be lost, doubled or late.
package enum BusChannel {
    package static func chatroom(_ id: ChatroomID) -> String { "chatroom:\(id)" }
    package static func user(_ id: UserID) -> String { "user:\(id)" }
    /// The beacon: `{"<chatroomId>":seq,…}`, every 2 s, on every server.
    package static let heads = "heads"
    package static let nodes = "nodes"
    /// The newest position of a service's change feed, as decimal digits.
    package static let authChanges = "changes:auth"
    package static let socialChanges = "changes:social"
}

/// What travels on `chatroom:<id>` and what History answers for an entry:
/// `<seq> [<+|-><userId> ]["message",{…}]`; seq 0 is ephemeral.
///
/// The event is kept as text and relayed untouched.
package struct BusEntry: Hashable, Sendable {
    /// Who is let in or out by the entry.
    package enum Passage: Hashable, Sendable {
        case enters(UserID)
        case leaves(UserID)
    }

    package var seq: Seq
    package var passage: Passage?
    /// The Socket.IO event array exactly as clients get it.
    package var event: Substring

    package init(seq: Seq, passage: Passage? = nil, event: Substring) {
        self.seq = seq
        self.passage = passage
        self.event = event
    }

    package init?(_ text: String) {
        guard let space = text.utf8.firstIndex(of: UInt8(ascii: " ")),
            text.utf8[..<space].allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let seq = Seq(text[..<space])
        else { return nil }
        var rest = text[text.utf8.index(after: space)...]
        var passage: Passage?
        if let sign = rest.utf8.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") {
            guard let end = rest.utf8.firstIndex(of: UInt8(ascii: " ")),
                let user = UserID(String(rest[..<end].dropFirst()))
            else { return nil }
            passage = sign == UInt8(ascii: "+") ? .enters(user) : .leaves(user)
            rest = rest[rest.utf8.index(after: end)...]
        }
        guard rest.utf8.first == UInt8(ascii: "["), rest.utf8.last == UInt8(ascii: "]") else { return nil }
        self.init(seq: seq, passage: passage, event: rest)
    }

    package var text: String {
        switch self.passage {
        case nil: "\(self.seq) \(self.event)"
        case .enters(let user): "\(self.seq) +\(user) \(self.event)"
        case .leaves(let user): "\(self.seq) -\(user) \(self.event)"
        }
    }
}
