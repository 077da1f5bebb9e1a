import IOThread
import Logging
import ServiceLifecycle

/// Pub/sub and commands over one or several independent servers; a channel belongs to one of them by rendezvous hash.
///
/// What travels here are hints. Publishing never waits and never fails: without a connection it is dropped and counted.
/// Subscriptions come back by themselves after a loss, which ``RedisEvent`` tells, since what was published meanwhile is
/// missed. Connects by itself from `init` on; as a `Service` it closes at the end.
package final class Redis: Service {
    /// In the order of the URLs.
    package let serverIDs: [RedisServerID]

    private let thread = IOThread.shared
    private let hash: RendezvousHash
    private let servers: IOThreadBound<RedisServers>
    private let losses: LostPublications

    /// - Throws: ``RedisError/Code/invalidURL``, also for an empty list and for one server named twice.
    package init(
        urls: [String], logger: Logger, timing: RedisTiming = RedisTiming()
    ) throws(RedisError) {
        var parsed: [RedisURL] = []
        for url in urls { parsed.append(try RedisURL(url)) }
        let ids = parsed.map(\.server)
        guard !ids.isEmpty else { throw RedisError(.invalidURL, "there is no server in the list") }
        guard Set(ids).count == ids.count else { throw RedisError(.invalidURL, "a server is named twice") }
        let losses = LostPublications()
        let servers = IOThreadBound(RedisServers(urls: parsed, timing: timing, losses: losses, logger: logger))
        self.serverIDs = ids
        self.hash = RendezvousHash(ids.map(\.description))
        self.losses = losses
        self.servers = servers
        self.thread.execute {
            for server in servers.value.all { server.commands.connect() }
        }
    }

    deinit {
        // For whoever forgot `close()`: the connections belong to the I/O thread and end there.
        self.thread.execute { [servers] in
            servers.value.close()
        }
    }

    /// Names who hears messages and events, on the I/O thread; before the first `subscribe`.
    package func listen(
        onMessage: @escaping @Sendable (RedisMessage) -> Void,
        onEvent: @escaping @Sendable (RedisEvent) -> Void = { _ in }
    ) {
        self.thread.execute { [servers] in
            servers.value.listener.onMessage = onMessage
            servers.value.listener.onEvent = onEvent
        }
    }

    /// Which server a channel belongs to.
    package func server(of channel: String) -> RedisServerID { self.serverIDs[self.hash.index(of: channel)] }

    /// How many publications were dropped, refused, or lost with a connection before they were answered.
    package var lostPublications: Int { self.losses.count }

    /// Which servers can be told something now, in the order of the URLs.
    package var connected: [(server: RedisServerID, isConnected: Bool)] {
        get async {
            let open = await withCheckedContinuation { continuation in
                self.thread.execute { [servers] in
                    continuation.resume(returning: servers.value.all.map(\.commands.isConnected))
                }
            }
            return Array(zip(self.serverIDs, open))
        }
    }

    /// Publications of one task leave in their order.
    package func publish(_ channel: String, _ payload: String) { self.publish(channel, bytes: payload.utf8) }

    package func publish(_ channel: String, _ payload: [UInt8]) { self.publish(channel, bytes: payload) }

    /// On every server: for what concerns all who listen anywhere, as the beacon does.
    package func publishOnAll(_ channel: String, _ payload: String) {
        let command = RESPCommand.publish(channel, payload.utf8)
        self.thread.execute { [servers] in
            for server in servers.value.all { server.commands.publish(command) }
        }
    }

    private func publish(_ channel: String, bytes: some Collection<UInt8>) {
        let command = RESPCommand.publish(channel, bytes)
        let index = self.hash.index(of: channel)
        self.thread.execute { [servers] in servers.value.all[index].commands.publish(command) }
    }

    /// Returns when the server has confirmed, also if that is after a connection that is not there yet. Subscribing twice
    /// is the same as once, and one `unsubscribe` ends it.
    ///
    /// - Throws: ``RedisError/Code/unsubscribed``, ``RedisError/Code/closed``.
    package func subscribe(_ channels: [String]) async throws(RedisError) {
        let result = await withCheckedContinuation { continuation in
            self.subscribe(channels) { continuation.resume(returning: $0) }
        }
        try result.get()
    }

    package func subscribe(_ channel: String) async throws(RedisError) { try await self.subscribe([channel]) }

    /// The same with a closure, called once on the I/O thread.
    package func subscribe(
        _ channels: [String], whenConfirmed: @escaping @Sendable (Result<Void, RedisError>) -> Void
    ) {
        let byServer = Dictionary(grouping: Set(channels)) { self.hash.index(of: $0) }
        self.thread.execute { [servers] in
            guard !byServer.isEmpty else { return whenConfirmed(.success(())) }
            let count = byServer.values.reduce(0) { $0 + $1.count }
            let waiter = RedisSubscriber.Waiter(channels: count, whenDone: whenConfirmed)
            for (index, channels) in byServer {
                servers.value.all[index].subscriber.subscribe(channels, waiter: waiter)
            }
        }
    }

    /// Subscribes at every server, without waiting: one that is down must not hold up the others.
    package func subscribeOnAll(_ channel: String) {
        self.thread.execute { [servers] in
            for server in servers.value.all {
                server.subscriber.subscribe([channel], waiter: .init(channels: 1) { _ in })
            }
        }
    }

    package func unsubscribe(_ channels: [String]) {
        let byServer = Dictionary(grouping: Set(channels)) { self.hash.index(of: $0) }
        self.thread.execute { [servers] in
            for (index, channels) in byServer { servers.value.all[index].subscriber.unsubscribe(channels) }
        }
    }

    package func unsubscribe(_ channel: String) { self.unsubscribe([channel]) }

    /// Drops the connection for subscriptions of one server and makes it anew: for whoever hears nothing on a connection
    /// that seems to live.
    package func reconnectSubscriptions(_ server: RedisServerID) {
        guard let index = self.serverIDs.firstIndex(of: server) else { return }
        self.thread.execute { [servers] in servers.value.all[index].subscriber.reconnect() }
    }

    /// One command at the server to which `key` belongs.
    ///
    /// - Throws: ``RedisError/Code/unavailable`` without a connection, ``RedisError/Code/outcomeUnknown`` where it is lost
    ///   before the answer, ``RedisError/Code/refused``, ``RedisError/Code/closed``.
    package func command(_ arguments: [String], key: String) async throws(RedisError) -> RedisReply {
        let index = self.hash.index(of: key)
        let command = RESPCommand(arguments)
        let result = await withCheckedContinuation { continuation in
            self.thread.execute { [servers] in servers.value.all[index].commands.command(command, continuation) }
        }
        return try result.get()
    }

    package func run() async throws {
        try? await gracefulShutdown()
        await self.close()
    }

    /// Ends all connections; who waits is told ``RedisError/Code/closed``.
    package func close() async {
        await withCheckedContinuation { continuation in
            self.thread.execute { [servers] in
                servers.value.close()
                continuation.resume()
            }
        }
    }
}
