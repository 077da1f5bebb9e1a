import Logging
import NIOCore
import NIOPosix
import ServiceKit
import ServiceLifecycle
import Sockets
import Synchronization

/// Serves the sockets until the process is told to end, and then sends them away in waves, so that they come back to other
/// nodes not all at once.
final class SocketListener: Service {
    private let server: SocketServer
    private let addresses: Addresses
    private let nodes: Nodes
    private let people: People
    private let drainTime: Duration
    private let logger: Logger
    private let bound = Mutex<Bound>(.waiting([]))

    private enum Bound {
        case waiting([CheckedContinuation<SocketAddress, Never>])
        case to(SocketAddress)
    }

    struct Addresses {
        /// Where the edge reaches it.
        var `public`: ListenAddress
        /// Where the other nodes do.
        var forNodes: ListenAddress
        /// Where they are told to; `nil`: where it listens for them.
        var announced: ListenAddress?
    }

    init(
        server: SocketServer, addresses: Addresses, nodes: Nodes, people: People, drainTime: Duration, logger: Logger
    ) {
        self.server = server
        self.addresses = addresses
        self.nodes = nodes
        self.people = people
        self.drainTime = drainTime
        self.logger = logger
    }

    var isListening: Bool {
        self.bound.withLock { if case .to = $0 { true } else { false } }
    }

    /// Where it listens, once it does.
    var address: SocketAddress {
        get async {
            await withCheckedContinuation { continuation in
                let address: SocketAddress? = self.bound.withLock { bound in
                    switch bound {
                    case .to(let address): return address
                    case .waiting(let others):
                        bound = .waiting(others + [continuation])
                        return nil
                    }
                }
                if let address { continuation.resume(returning: address) }
            }
        }
    }

    func run() async throws {
        let forNodes = self.addresses.forNodes
        let bound = try await self.server.startForNodes(host: forNodes.host, port: forNodes.port)
        let announced =
            self.addresses.announced ?? ListenAddress(host: forNodes.host, port: bound.port ?? forNodes.port)
        let address = try await self.server.start(
            host: self.addresses.public.host, port: self.addresses.public.port)
        self.tell(address)
        self.logger.notice("sockets are served", metadata: ["address": "\(address)"])
        await withDiscardingTaskGroup { group in
            // Until the end: sessions that are not sent away yet are still reached through other nodes.
            group.addTask { await self.nodes.announce(announced) }
            try? await gracefulShutdown()
            await self.drain()
            group.cancelAll()
        }
        await self.server.stop()
    }

    private func tell(_ address: SocketAddress) {
        let waiting: [CheckedContinuation<SocketAddress, Never>] = self.bound.withLock { bound in
            defer { bound = .to(address) }
            if case .waiting(let continuations) = bound { return continuations }
            return []
        }
        for continuation in waiting { continuation.resume(returning: address) }
    }

    /// `bye`, then the transports, never `41`: stock clients would not return.
    private func drain() async {
        self.server.refuseHandshakes()
        let bye = ByeEvent(reason: .drain, retryAfter: 1)
        if let event = EncodedEvent(EventText.make("bye", bye)) { self.people.everyone?.broadcast(event) }
        if self.server.sessionCount > 0 { await self.server.drain(over: self.drainTime) }
    }
}
