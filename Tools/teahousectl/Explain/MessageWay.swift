import ChatAPI
import Foundation

/// The way of one entry from its sender to the sockets, from what each process on it remembers. The rules; it asks nobody.
struct MessageWay: Encodable {
    struct Hop: Encodable {
        /// `yes`: it went by here. `no`: it should have, and did not. `unknown`: nobody remembers. `idle`: not on its way.
        enum State: String, Encodable {
            case yes, no, unknown, idle
        }

        var what: String
        var state: State
        var at: Timestamp?
        var detail: String
    }

    let id: MessageID
    private(set) var hops: [Hop] = []

    /// The first hop that should have been and was not.
    var firstMissing: Hop? { self.hops.first { $0.state == .no } }

    private enum CodingKeys: CodingKey {
        case id, hops
    }

    /// - Parameters:
    ///   - entries: of each History that answered; none where the entry is not stored.
    ///   - deliveries: of each Gateway that answered.
    ///   - silent: the processes that did not answer.
    init(_ id: MessageID, entries: [ExplainedEntry], deliveries: [ExplainedDelivery], silent: [String]) {
        self.id = id
        guard let entry = entries.first else {
            self.add(
                "stored by History", silent.isEmpty ? .no : .unknown, nil,
                silent.isEmpty
                    ? "no such entry: it was never acknowledged, or the log is of another epoch"
                    : "nobody answered for it")
            return
        }
        var who = entry.kind
        if let sender = entry.senderId { who += " of user \(sender)" }
        if let client = entry.clientId { who += ", client id \(client.uuidString.lowercased())" }
        self.add("stored by History", .yes, entry.createdAt, "\(who); the log is at \(entry.head)")
        self.addAcknowledgement(entry, deliveries)
        self.addPublication(entry, entries)
        for delivery in deliveries.sorted(by: { $0.node < $1.node }) { self.add(delivery, entry) }
        for name in silent { self.add(name, .unknown, nil, "did not answer") }
    }

    private mutating func addAcknowledgement(_ entry: ExplainedEntry, _ deliveries: [ExplainedDelivery]) {
        // Changes and system entries come over HTTP, and from Social.
        guard entry.kind == "message" else { return }
        let acknowledged = deliveries.filter { $0.acknowledgedAt != nil }
        if let first = acknowledged.min(by: { ($0.acknowledgedAt ?? .now) < ($1.acknowledgedAt ?? .now) }) {
            self.add("acknowledged to its sender", .yes, first.acknowledgedAt, "by Gateway \(first.node)")
        } else if deliveries.allSatisfy({ Self.remembers($0.remembersSince, entry) }) && !deliveries.isEmpty {
            self.add(
                "acknowledged to its sender", .unknown, nil,
                "by no Gateway that runs now: its Gateway may have ended; the sender sends again and gets this entry")
        } else {
            self.add("acknowledged to its sender", .unknown, nil, "too long ago to be remembered")
        }
    }

    private mutating func addPublication(_ entry: ExplainedEntry, _ entries: [ExplainedEntry]) {
        let published = entries.filter { $0.publishedAt != nil }
        if let first = published.min(by: { ($0.publishedAt ?? .now) < ($1.publishedAt ?? .now) }) {
            self.add("put on the bus", .yes, first.publishedAt, "by History \(first.instance)")
        } else if entries.allSatisfy({ Self.remembers($0.remembersSince, entry) }) {
            self.add(
                "put on the bus", .no, nil,
                "by no History that runs now: the beacon tells the Gateways of it, within 5 s")
        } else {
            self.add("put on the bus", .unknown, nil, "too long ago to be remembered")
        }
    }

    private mutating func add(_ delivery: ExplainedDelivery, _ entry: ExplainedEntry) {
        let what = "delivered by Gateway \(delivery.node)"
        if let at = delivery.deliveredAt {
            return self.add(
                what, .yes, at, delivery.chatroom.map { "\($0.sockets) sockets of the chatroom are there now" } ?? "")
        }
        guard let chatroom = delivery.chatroom else {
            return self.add(what, .idle, nil, "no socket of the chatroom is connected there")
        }
        if chatroom.last >= self.id.seq {
            return self.add(
                what, .unknown, nil,
                "its log is delivered up to \(chatroom.last): sockets that came later had this entry by replay")
        }
        self.add(
            what, .no, nil,
            "\(chatroom.sockets) sockets wait: delivered up to \(chatroom.last), known to reach \(chatroom.newest)"
                + (chatroom.isSubscribed ? "" : ", and the channel is not subscribed"))
    }

    /// Whether a process that runs since then, or remembers since then, would know of the entry. Clocks may differ.
    private static func remembers(_ since: Timestamp, _ entry: ExplainedEntry) -> Bool {
        since.milliseconds + 1_000 < entry.createdAt.milliseconds
    }

    private mutating func add(_ what: String, _ state: Hop.State, _ at: Timestamp?, _ detail: String) {
        self.hops.append(Hop(what: what, state: state, at: at, detail: detail))
    }

    var text: String {
        var table = Table("", "HOP", "AT", "")
        for hop in self.hops {
            let sign =
                switch hop.state {
                case .yes: "ok"
                case .no: "MISSING"
                case .unknown: "?"
                case .idle: "-"
                }
            table.add(sign, hop.what, hop.at.map { "\($0)" } ?? "-", hop.detail)
        }
        return table.text
    }
}
