import NIOCore
import SocketIO
import Sockets

/// Sends every message back unchanged, text or binary: over Engine.IO, and over a bare WebSocket.
struct EchoApplication: EngineApplication, WebSocketApplication {
    func receive(_ message: EnginePacket, from peer: EnginePeer) { peer.send(message) }

    func receive(text: ByteBuffer, from peer: WebSocketPeer) { peer.send(text: text) }

    func receive(binary: ByteBuffer, from peer: WebSocketPeer) { peer.send(binary: binary) }
}
