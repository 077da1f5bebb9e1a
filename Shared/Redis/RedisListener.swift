/// A message of a subscribed channel. It is a hint: it may be lost, doubled or late.
package struct RedisMessage: Sendable {
    package let server: RedisServerID
    package let channel: String
    package let payload: [UInt8]
}

/// What happens to the subscriptions at one server.
package enum RedisEvent: Hashable, Sendable {
    /// The connection for subscriptions is there (again); all that is wanted was asked for.
    case connected(RedisServerID)
    /// It was lost: what is published until the channels are confirmed again is missed.
    case lost(RedisServerID)
    /// Confirmed by the server: from here on the channel's messages are heard.
    case subscribed(String, RedisServerID)
}

/// Who hears messages and events: one closure each; on the I/O thread, which they must not block.
final class RedisListener {
    var onMessage: @Sendable (RedisMessage) -> Void = { _ in }
    var onEvent: @Sendable (RedisEvent) -> Void = { _ in }

    func received(_ message: RedisMessage) { self.onMessage(message) }

    func told(_ event: RedisEvent) { self.onEvent(event) }
}
