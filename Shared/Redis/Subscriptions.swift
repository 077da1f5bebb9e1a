/// What one subscriber connection is subscribed to, what was asked for and not yet confirmed, and who waits for it.
///
/// A server answers `SUBSCRIBE` and `UNSUBSCRIBE` in the order they were sent, one answer a channel; so a subscription is
/// confirmed when the last of a channel's outstanding commands is answered and the channel is still wanted.
struct Subscriptions<Waiter> {
    private struct Channel {
        var isWanted = false
        /// Commands sent on this connection and not yet answered.
        var outstanding = 0
        var waiters: [Waiter] = []
    }

    private var channels: [String: Channel] = [:]
    private(set) var isConnected = false

    /// How many channels are wanted.
    var count: Int { self.channels.count { $0.value.isWanted } }

    enum Asked {
        /// It is confirmed already; the waiter was not kept.
        case confirmed
        /// Send `SUBSCRIBE` now.
        case send
        /// It is on its way, or will be asked for when there is a connection.
        case wait
    }

    mutating func subscribe(_ name: String, waiter: Waiter? = nil) -> Asked {
        var channel = self.channels[name] ?? Channel()
        defer { self.channels[name] = channel }
        let wasWanted = channel.isWanted
        channel.isWanted = true
        if self.isConnected, wasWanted, channel.outstanding == 0 { return .confirmed }
        if let waiter { channel.waiters.append(waiter) }
        guard self.isConnected, !wasWanted else { return .wait }
        channel.outstanding += 1
        return .send
    }

    /// Whether to send `UNSUBSCRIBE` now, and who waited in vain.
    mutating func unsubscribe(_ name: String) -> (send: Bool, waiters: [Waiter]) {
        guard var channel = self.channels[name], channel.isWanted else { return (false, []) }
        let waiters = channel.waiters
        channel.waiters = []
        channel.isWanted = false
        guard self.isConnected else {
            self.channels[name] = nil
            return (false, waiters)
        }
        channel.outstanding += 1
        self.channels[name] = channel
        return (true, waiters)
    }

    /// The channels to ask a new connection for.
    mutating func connected() -> [String] {
        self.isConnected = true
        var names: [String] = []
        names.reserveCapacity(self.channels.count)
        for name in Array(self.channels.keys) {
            self.channels[name]?.outstanding = 1
            names.append(name)
        }
        return names
    }

    mutating func lost() {
        self.isConnected = false
        self.channels = self.channels.filter { $0.value.isWanted }
    }

    /// An answer to `SUBSCRIBE` or `UNSUBSCRIBE`.
    ///
    /// - Returns: those who waited, if the channel is subscribed now; `nil` while it is not, or not for good.
    mutating func answered(_ name: String) -> [Waiter]? {
        guard var channel = self.channels[name], channel.outstanding > 0 else { return nil }
        channel.outstanding -= 1
        guard channel.outstanding == 0 else {
            self.channels[name] = channel
            return nil
        }
        guard channel.isWanted else {
            self.channels[name] = nil
            return nil
        }
        let waiters = channel.waiters
        channel.waiters = []
        self.channels[name] = channel
        return waiters
    }

    /// A message of an unsubscribed channel may still be on its way: it is not handed on.
    func wants(_ name: String) -> Bool { self.channels[name]?.isWanted ?? false }

    /// Everybody who waits, at the end.
    mutating func close() -> [Waiter] {
        defer { self.channels = [:] }
        return self.channels.values.flatMap(\.waiters)
    }
}
