import NIOCore
import SocketIO

/// What stands directly above the engine, one per session, on the session's loop.
protocol EngineApplicationSession: AnyObject {
    /// When ``deadlineReached(now:)`` has something to do next.
    var deadline: NIODeadline? { get }
    func deadlineReached(now: NIODeadline)
    /// A message, text or binary, in order of arrival.
    func receive(_ message: EnginePacket)
    /// For a client that is too slow, before it is closed.
    var slowFarewell: OutgoingPacket? { get }
    /// Nothing more comes or goes. Called once.
    func ended(_ reason: DisconnectReason)
    /// Polling has become a WebSocket.
    func upgraded()
    /// What was emitted has left, or most of it.
    func drained()
}

/// An application of bare Engine.IO, without Socket.IO. Called on the session's loop.
package protocol EngineApplication: Sendable {
    func receive(_ message: EnginePacket, from peer: EnginePeer)
}

/// A session of bare Engine.IO, on its loop.
package struct EnginePeer {
    let connection: EngineConnection

    package func send(_ message: EnginePacket) { self.connection.send([OutgoingPacket(message)]) }
    package func close() { self.connection.close(.forcedClose) }
}

@available(*, unavailable)
extension EnginePeer: Sendable {}

/// Carries an ``EngineApplication``.
final class EngineApplicationAdapter: EngineApplicationSession {
    private let application: any EngineApplication
    private unowned let connection: EngineConnection

    init(_ application: any EngineApplication, connection: EngineConnection) {
        self.application = application
        self.connection = connection
    }

    var deadline: NIODeadline? { nil }
    var slowFarewell: OutgoingPacket? { nil }
    func deadlineReached(now: NIODeadline) {}
    func receive(_ message: EnginePacket) {
        self.application.receive(message, from: EnginePeer(connection: self.connection))
    }
    func ended(_ reason: DisconnectReason) {}
    func upgraded() {}
    func drained() {}
}

/// What is served at a path.
package enum SocketMount: Sendable {
    case sockets(any SocketApplication)
    case engine(any EngineApplication)
    /// Takes WebSockets only, with no parameters.
    case webSocket(any WebSocketApplication)
}
