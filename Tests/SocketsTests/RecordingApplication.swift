import NIOCore
import Synchronization
import Testing

@testable import Sockets

/// An application made of closures, which tells what happened in order.
///
/// `Sendable`: constants, and a stream that any thread may yield to.
final class RecordingApplication: SocketApplication {
    typealias Connect = @Sendable (Socket) -> Void
    typealias Receive = @Sendable (SocketEvent, Socket) -> Void

    let namespaces: Set<String> = ["/", "/custom"]
    /// `connect <namespace>`, `event <name>`, `disconnect <reason>`.
    let log: AsyncStream<String>
    private let continuation: AsyncStream<String>.Continuation
    private let onConnect: Connect
    private let onEvent: Receive
    private let onHandshake: @Sendable (Handshake) -> HandshakeRefusal?

    init(
        handshake: @escaping @Sendable (Handshake) -> HandshakeRefusal? = { _ in nil },
        connect: @escaping Connect = { $0.accept() }, event: @escaping Receive = { _, _ in }
    ) {
        (self.log, self.continuation) = AsyncStream.makeStream()
        self.onHandshake = handshake
        self.onConnect = connect
        self.onEvent = event
    }

    func admit(_ handshake: Handshake) throws(HandshakeRefusal) -> (any Visitor)? {
        if let refusal = self.onHandshake(handshake) { throw refusal }
        return nil
    }

    func connect(_ socket: Socket, auth: ByteBuffer) {
        self.continuation.yield("connect \(socket.namespace)")
        self.onConnect(socket)
    }

    func receive(_ event: SocketEvent, from socket: Socket) {
        self.continuation.yield("event \(event.name)")
        self.onEvent(event, socket)
    }

    func disconnect(_ socket: Socket, reason: DisconnectReason) {
        self.continuation.yield("disconnect \(reason.rawValue)")
    }

    /// Returns once `line` has been logged.
    func logs(_ line: String) async {
        for await logged in self.log where logged == line { return }
    }

    var mounts: [(path: String, mount: SocketMount)] { [("/socket.io/", .sockets(self))] }
}

extension WireWebSocket {
    /// Joins a namespace; what comes with the answer is left.
    func join(_ prefix: String = "", auth: String = "") async throws {
        try await self.send("40\(prefix)\(auth)")
        let answer = await self.nextBesidesPings()
        guard case .text(let text)? = answer, text.hasPrefix("40\(prefix){\"sid\":\"") else {
            Issue.record("instead of CONNECT came \(String(describing: answer))")
            return
        }
    }
}
