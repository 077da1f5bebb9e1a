import NIOCore

/// The numbers of the rules, in NIO's units.
struct EngineLimits: Sendable {
    let pingInterval: TimeAmount
    let pingTimeout: TimeAmount
    let upgradeTimeout: TimeAmount
    let farewellTimeout: TimeAmount
    let maxPayloadBytes: Int
    let maxPollingPackets: Int
    let maxQueuedBytes: Int
    let maxQueuedPackets: Int

    /// How long a GET that came during an upgrade waits for the `5` that may be on its way.
    static let releaseGrace = TimeAmount.milliseconds(20)
    /// How long a GET may race with the client's own close.
    static let tombstone = TimeAmount.milliseconds(300)
    /// Later than that no timer fires unless the process stood still.
    static let stall = TimeAmount.seconds(1)

    init(_ configuration: SocketConfiguration) {
        self.pingInterval = TimeAmount(configuration.pingInterval)
        self.pingTimeout = TimeAmount(configuration.pingTimeout)
        self.upgradeTimeout = TimeAmount(configuration.upgradeTimeout)
        self.farewellTimeout = TimeAmount(configuration.farewellTimeout)
        self.maxPayloadBytes = configuration.maxPayloadBytes
        self.maxPollingPackets = max(1, configuration.maxPollingPackets)
        self.maxQueuedBytes = configuration.maxQueuedBytes
        self.maxQueuedPackets = configuration.maxQueuedPackets
    }
}
