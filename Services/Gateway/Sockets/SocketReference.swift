import NIOCore

/// A socket as other threads hold it. `Sendable`: leads back to the socket's loop and touches it nowhere else.
package struct SocketReference: Sendable {
    package let id: String
    package let eventLoop: any EventLoop
    private let socket: NIOLoopBound<Socket>

    init(_ socket: Socket) {
        self.id = socket.id
        self.eventLoop = socket.eventLoop
        self.socket = NIOLoopBound(socket, eventLoop: socket.eventLoop)
    }

    /// Runs `body` on the socket's loop: now if called there, else soon. The socket may be gone by then
    /// (``Socket/isConnected``).
    package func execute(_ body: @escaping @Sendable (Socket) -> Void) {
        if self.eventLoop.inEventLoop {
            body(self.socket.value)
        } else {
            self.eventLoop.execute { body(self.socket.value) }
        }
    }
}
