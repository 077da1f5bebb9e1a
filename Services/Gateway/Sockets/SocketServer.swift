import Glibc
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// Engine.IO 4 and Socket.IO 5 over long polling and WebSocket, for an application that sees sockets, events and rooms
/// only.
///
/// `Sendable`: what changes is kept on event loops, in atomics, or behind a `Mutex`.
package final class SocketServer: Sendable {
    /// Where clients connect. The kernel lets 4,096 connections wait for one listener (`net.core.somaxconn`), and drops the
    /// SYN of the next, which is sent again after a second: with so many, 16,384 may come at once.
    private static let minListeners = 4

    package let configuration: SocketConfiguration
    private let context: ServerContext
    private let group: MultiThreadedEventLoopGroup
    private let eventLoops: [any EventLoop]
    let loops: [EngineLoop.LoopBox]
    private let listeners = Mutex<[any Channel]>([])

    /// The loops of `group` are the homes of sessions; the group is the caller's to shut down.
    package convenience init(
        configuration: SocketConfiguration, group: MultiThreadedEventLoopGroup, application: any SocketApplication,
        forwarding: Forwarding? = nil, logger: Logger
    ) {
        self.init(
            configuration: configuration, group: group, mounts: [(configuration.path, .sockets(application))],
            forwarding: forwarding, logger: logger)
    }

    /// Serves several applications, each at its path (which ends with a slash). `forwarding`: requests for other nodes'
    /// sessions are handed to them; without it they are refused.
    package init(
        configuration: SocketConfiguration, group: MultiThreadedEventLoopGroup,
        mounts: [(path: String, mount: SocketMount)], forwarding: Forwarding? = nil, logger: Logger
    ) {
        precondition(SessionID.isNodeTag(configuration.nodeTag), "a node tag is 1 to 16 of a–z and 0–9")
        self.configuration = configuration
        self.context = ServerContext(
            configuration: configuration, mounts: mounts, forwarding: forwarding, logger: logger)
        self.group = group
        self.eventLoops = group.makeIterator().prefix(SessionID.maxLoops).map { $0 }
        let context = self.context
        let count = self.eventLoops.count
        self.loops = self.eventLoops.enumerated().map { index, eventLoop in
            NIOLoopBoundBox.makeBoxSendingValue(
                EngineLoop(eventLoop: eventLoop, index: index, of: count, context: context), eventLoop: eventLoop)
        }
    }

    /// Listens; port 0 takes a free one.
    ///
    /// - Returns: the address it listens on.
    @discardableResult
    package func start(host: String, port: Int) async throws -> SocketAddress {
        try await self.listen(host: host, port: port, servesNodes: false)
    }

    /// Listens for what other nodes hand over: requests with the key, for sessions of this node. Never to be reached
    /// from outside.
    @discardableResult
    package func startForNodes(host: String, port: Int) async throws -> SocketAddress {
        try await self.listen(host: host, port: port, servesNodes: true)
    }

    private func listen(host: String, port: Int, servesNodes: Bool) async throws -> SocketAddress {
        let (loops, context) = (self.loops, self.context)
        let bootstrap = ServerBootstrap(group: self.group)
            // Accept first, parse later: a storm of connections must not wait for retransmitted SYNs.
            .serverChannelOption(.backlog, value: 4096)
            .serverChannelOption(.maxMessagesPerRead, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try Self.configure(channel, loops: loops, context: context, servesNodes: servesNodes)
                }
            }
        var address = try SocketAddress.makeAddressResolvingHost(host, port: port)
        if servesNodes { return try await self.add(bootstrap, to: address) }
        if port > 0 {
            // Alone first: sockets that share a port would share it with another process too, and say nothing.
            try await bootstrap.bind(to: address).get().close().get()
        }
        let sharing = bootstrap.serverChannelOption(.socketOption(.init(rawValue: SO_REUSEPORT)), value: 1)
        for _ in 0..<max(Self.minListeners, loops.count) { address = try await self.add(sharing, to: address) }
        return address
    }

    private func add(_ bootstrap: ServerBootstrap, to address: SocketAddress) async throws -> SocketAddress {
        let listener = try await bootstrap.bind(to: address).get()
        self.listeners.withLock { $0.append(listener) }
        guard let address = listener.localAddress else { throw ChannelError.ioOnClosedChannel }
        return address
    }

    private static func configure(
        _ channel: any Channel, loops: [EngineLoop.LoopBox], context: ServerContext, servesNodes: Bool
    ) throws {
        guard let box = loops.first(where: { $0.eventLoop === channel.eventLoop }),
            context.admission.connections.load(ordering: .relaxed) < context.configuration.maxConnections
        else { throw ChannelError.ioOnClosedChannel }
        // Set here and not by the bootstrap, which makes futures of each.
        let options = channel.syncOptions
        try options?.setOption(.tcpOption(.tcp_nodelay), value: 1)
        try options?.setOption(.maxMessagesPerRead, value: 1)
        try options?.setOption(.recvAllocator, value: ReceiveAllocator(box.value.receiveBuffer))
        let handler = HTTPConnectionHandler(loop: box.value, loops: loops, servesNodes: servesNodes)
        try channel.pipeline.syncOperations.addHandler(handler)
    }

    package func makeRoom(_ name: String) -> Room { Room(name: name, eventLoops: self.eventLoops) }

    /// Sessions alive now.
    package var sessionCount: Int { self.context.admission.sessions.load(ordering: .relaxed) }
    /// TCP connections open now.
    package var connectionCount: Int { self.context.admission.connections.load(ordering: .relaxed) }

    // MARK: The end

    /// From now on handshakes are answered 503; sessions go on.
    package func refuseHandshakes() { self.context.admission.close() }

    /// Refuses handshakes and closes the transports (never `41`) in waves over `duration`, so that clients do not come
    /// back all at once. Returns when the last wave is sent.
    package func drain(over duration: Duration, waves: Int = 20) async {
        self.refuseHandshakes()
        for wave in 0..<max(1, waves) {
            let remaining = max(1, waves) - wave
            for loop in self.loops {
                try? await loop.eventLoop.submit {
                    let sessions = loop.value.sessions.values
                    let share = (sessions.count + remaining - 1) / remaining
                    for session in sessions.prefix(share) {
                        session.close(.serverShuttingDown, code: .serviceRestart)
                    }
                }.get()
            }
            if remaining > 1 { try? await Task.sleep(for: duration / max(1, waves)) }
        }
    }

    /// Stops listening, ends every session and closes every connection.
    package func stop() async {
        self.refuseHandshakes()
        let listeners = self.listeners.withLock { listeners in
            defer { listeners = [] }
            return listeners
        }
        for listener in listeners { try? await listener.close().get() }
        for loop in self.loops {
            try? await loop.eventLoop.submit {
                for session in loop.value.sessions.values { session.close(.serverShuttingDown, code: .goingAway) }
                loop.value.closeAllConnections()
            }.get()
        }
    }
}
