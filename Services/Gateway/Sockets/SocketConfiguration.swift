import NIOCore
import NIOHTTP1

/// Every number of the protocol and every limit of a ``SocketServer``; the defaults are the reference server's where
/// it has one.
package struct SocketConfiguration: Sendable {
    /// The path the server answers on, with its trailing slash; the same path without it is answered too.
    package var path = "/socket.io/"
    /// The first part of every Engine.IO sid, `^[a-z0-9]{1,16}$`: an edge routes by it.
    package var nodeTag = "n1"

    package var pingInterval: Duration = .milliseconds(25_000)
    package var pingTimeout: Duration = .milliseconds(20_000)
    /// How long a WebSocket may probe before polling goes on without it.
    package var upgradeTimeout: Duration = .milliseconds(10_000)
    /// How long a session may be without having joined a first namespace.
    package var connectTimeout: Duration = .milliseconds(45_000)
    /// How long a session that the server has closed waits for the GET that fetches the farewell.
    package var farewellTimeout: Duration = .milliseconds(30_000)
    /// How long the attachments of a binary event may take to follow it.
    package var attachmentTimeout: Duration = .milliseconds(9_000)
    /// How long the head of an HTTP request may take, and then its body; how long a client may take none of an answer.
    package var requestTimeout: Duration = .milliseconds(10_000)
    /// How long a connection may stay idle between requests.
    package var idleTimeout: Duration = .milliseconds(75_000)

    /// The largest message, and the largest polling body, from a client.
    package var maxPayloadBytes = 1_000_000
    /// The largest head of an HTTP request.
    package var maxHeaderBytes = 16_384
    /// Packets in one polling body: python clients drop the connection on more than 16.
    package var maxPollingPackets = 16
    /// What may wait for one connection before what is volatile is dropped and then the transport closed.
    package var maxQueuedBytes = 1_000_000
    package var maxQueuedPackets = 4_096
    /// What a held membership of a room may keep back.
    package var maxHeldBytes = 1_000_000

    /// TCP connections at once; what comes above is closed unread.
    package var maxConnections = 200_000
    /// Sessions alive at once.
    package var maxSessions = 100_000
    /// Sessions that have shaken hands and not yet joined a namespace.
    package var maxHandshakesUnderWay = 10_000
    /// Handshakes per second, over the whole server.
    package var maxHandshakesPerSecond = 5_000
    /// Handshakes per second from one client's address (an IPv6 network of 64 bits counts as one), five times as many at
    /// once; 0: without limit.
    package var maxHandshakesPerAddress = 0
    /// What may wait for all connections together; past it the slowest are closed.
    package var maxMemoryBytes = 512 * 1024 * 1024

    /// Events that may wait while a CONNECT is being authorised.
    package var maxEarlyEvents = 16

    package var crossOrigin = CrossOrigin.off
    /// A cookie that carries the sid, for balancers that route by one.
    package var cookie: String?

    /// The client's address, given the peer's and `X-Forwarded-For`: whom to believe is the application's to know. The
    /// peer's own unless told.
    package var clientAddress: @Sendable (_ peer: String, _ forwardedFor: String?) -> String = { peer, _ in peer }

    package init() {}

    func address(of head: HTTPRequestHead, peer: SocketAddress?) -> String {
        let hops = head.headers[canonicalForm: "X-Forwarded-For"]
        let forwardedFor = hops.isEmpty ? nil : hops.joined(separator: ",")
        return self.clientAddress(peer?.ipAddress ?? "", forwardedFor)
    }
}

/// Which other origins may read the answers (CORS), SOCKETIO.md §10.
package enum CrossOrigin: Sendable, Equatable {
    case off
    case any
    /// Origins as browsers send them, `https://chat.example`; `credentials` also allows cookies.
    case listed(Set<String>, credentials: Bool)
}
