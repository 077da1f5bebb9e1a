import NIOCore
import NIOHTTP1

/// What stands above a ``SocketServer``: decides who may connect and receives what sockets say.
///
/// Every method is called on the event loop of the socket it is about and must not block it. Work that suspends takes
/// ``Socket/reference`` with it and comes back by ``SocketReference/execute(_:)``.
package protocol SocketApplication: Sendable {
    /// The namespaces there are; CONNECT to another one is answered `Invalid namespace`.
    var namespaces: Set<String> { get }

    /// What a client is told before its transport is closed for being too slow, behind all that waits for it.
    var slowFarewell: EncodedEvent? { get }

    /// Lets a handshake in or turns it away, before anything is kept for it.
    ///
    /// - Returns: what ``connect(_:auth:)`` needs of it, as ``Socket/visitor``; the rest is let go.
    func admit(_ handshake: Handshake) throws(HandshakeRefusal) -> (any Visitor)?

    /// Somebody asks to join `socket.namespace`; `auth` is the JSON text of the CONNECT payload, an object (`{}` if there
    /// was none). Answer by ``Socket/accept()`` or ``Socket/refuse(message:data:)``, at once or later; python clients give
    /// up after one second.
    ///
    /// After `accept` events may be emitted; what the client sent meanwhile is handed over in order.
    func connect(_ socket: Socket, auth: ByteBuffer)

    /// An event of an accepted socket, in the order of arrival.
    func receive(_ event: SocketEvent, from socket: Socket)

    /// ``Socket/alarm`` has come, and is `nil` again; up to a tenth of a second late.
    func alarm(_ socket: Socket)

    /// An accepted (or still undecided) socket is gone; it has left its rooms already.
    func disconnect(_ socket: Socket, reason: DisconnectReason)
}

extension SocketApplication {
    package var slowFarewell: EncodedEvent? { nil }
    package func alarm(_ socket: Socket) {}
}

/// What an application keeps of a handshake, for as long as its session lives: better little.
package protocol Visitor: AnyObject, Sendable {}

/// The request that begins a session. `Sendable`: a value.
package struct Handshake: Sendable {
    package var headers: HTTPHeaders
    /// The query's parameters, percent-decoded; of a doubled name the first counts.
    package var query: [String: String]
    /// The peer of the TCP connection; behind a proxy the proxy.
    package var remoteAddress: SocketAddress?
    package var isWebSocket: Bool
    package var at: NIODeadline

    package init(
        headers: HTTPHeaders, query: [String: String], remoteAddress: SocketAddress?, isWebSocket: Bool, at: NIODeadline
    ) {
        self.headers = headers
        self.query = query
        self.remoteAddress = remoteAddress
        self.isWebSocket = isWebSocket
        self.at = at
    }
}

/// Why a handshake is turned away.
package enum HandshakeRefusal: Error, Equatable {
    /// 403, code 4, with this text as its message.
    case forbidden(String)
    /// 503: comes back later.
    case overloaded
}

/// Why a socket is gone, in the reference server's words (SOCKETIO.md §9).
package enum DisconnectReason: String, CaseIterable, Sendable {
    case transportClose = "transport close"
    case transportError = "transport error"
    case pingTimeout = "ping timeout"
    case parseError = "parse error"
    /// The application closed the transport.
    case forcedClose = "forced close"
    case serverShuttingDown = "server shutting down"
    case clientNamespaceDisconnect = "client namespace disconnect"
    case serverNamespaceDisconnect = "server namespace disconnect"
    /// More waits for the client than its queue may hold.
    case slow = "slow"
    /// No namespace was joined in time.
    case connectTimeout = "connect timeout"
}
