import NIOCore

/// Who a WebSocket belongs to, on its event loop.
protocol WebSocketOwner: AnyObject {
    /// Valid UTF-8.
    func received(text: ByteBuffer, on webSocket: WebSocketHandler)
    func received(binary: ByteBuffer, on webSocket: WebSocketHandler)
    /// It is closing or gone; `isError`: not by a Close frame. Nothing more comes.
    func ended(_ webSocket: WebSocketHandler, isError: Bool)
    /// More would wait for the peer than may.
    func overflowed(_ webSocket: WebSocketHandler)
    /// It takes more again.
    func drained()
}

/// An application of bare WebSockets, without Engine.IO. Called on the WebSocket's loop.
package protocol WebSocketApplication: Sendable {
    func receive(text: ByteBuffer, from peer: WebSocketPeer)
    func receive(binary: ByteBuffer, from peer: WebSocketPeer)
}

/// The other end of a bare WebSocket, on its loop. One that does not read what it is sent is closed.
package struct WebSocketPeer {
    let webSocket: WebSocketHandler

    package func send(text: ByteBuffer) { self.webSocket.send(SharedFrame(.text, text)) }
    package func send(binary: ByteBuffer) { self.webSocket.send(SharedFrame(.binary, binary)) }
}

@available(*, unavailable)
extension WebSocketPeer: Sendable {}

/// Carries a ``WebSocketApplication``.
final class WebSocketApplicationAdapter: WebSocketOwner {
    private let application: any WebSocketApplication

    init(_ application: any WebSocketApplication) { self.application = application }

    func received(text: ByteBuffer, on webSocket: WebSocketHandler) {
        self.application.receive(text: text, from: WebSocketPeer(webSocket: webSocket))
    }

    func received(binary: ByteBuffer, on webSocket: WebSocketHandler) {
        self.application.receive(binary: binary, from: WebSocketPeer(webSocket: webSocket))
    }

    func ended(_ webSocket: WebSocketHandler, isError: Bool) {}
    func overflowed(_ webSocket: WebSocketHandler) { webSocket.close(.policyViolation) }
    func drained() {}
}
