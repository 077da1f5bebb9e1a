import CoreMetrics

/// What a ``SocketServer`` counts. `Sendable`: the handlers of swift-metrics are.
struct SocketMetrics: Sendable {
    let sessions = Gauge(label: "sockets_sessions")
    let handshakes = Counter(label: "sockets_handshakes_total")
    let refusals = Counter(label: "sockets_refused_total")
    let upgrades = Counter(label: "sockets_upgrades_total")
    let messagesIn = Counter(label: "sockets_messages_received_total")
    let messagesOut = Counter(label: "sockets_messages_sent_total")
    let slow = Counter(label: "sockets_closed_slow_total")
    private let ended = Dictionary(
        uniqueKeysWithValues: DisconnectReason.allCases.map { reason in
            (reason, Counter(label: "sockets_ended_total", dimensions: [("reason", reason.rawValue)]))
        })

    func ended(_ reason: DisconnectReason) { self.ended[reason]?.increment() }
}
