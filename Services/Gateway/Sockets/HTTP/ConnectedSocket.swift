import Glibc
import NIOCore
import NIOPosix

/// A TCP connection that changes its event loop.
enum ConnectedSocket {
    /// The channel's own descriptor: to be used only while the channel is active, for one that NIO has closed may already
    /// be another connection's. `nil` where there is none.
    static func descriptor(of channel: any Channel) -> NIOBSDSocket.Handle? {
        try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { $0 }
    }

    /// Writes what the kernel takes at once. `nil`: the connection is broken, the descriptor not to be used again.
    static func send(_ bytes: ByteBuffer, to descriptor: NIOBSDSocket.Handle) -> Int? {
        bytes.withUnsafeReadableBytes { bytes in
            let flags = Int32(MSG_NOSIGNAL | MSG_DONTWAIT)
            let count = Glibc.send(descriptor, bytes.baseAddress, bytes.count, flags)
            if count >= 0 { return count }
            return errno == EAGAIN || errno == EINTR ? 0 : nil
        }
    }

    /// Reads what has come already, without waiting. `nil`: nothing, or an end, which NIO meets too.
    static func receive(from descriptor: NIOBSDSocket.Handle, into buffer: ReceiveBuffer) -> ByteBuffer? {
        var bytes = buffer.take()
        let count = bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: 1) { bytes in
            max(0, Glibc.recv(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_DONTWAIT)))
        }
        if count > 0 { return bytes }
        buffer.giveBack(bytes)
        return nil
    }

    /// A second descriptor of the channel's socket, which keeps the connection when the channel closes its own.
    static func duplicate(_ channel: any Channel) -> NIOBSDSocket.Handle? {
        let descriptor = try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(
            of: NIOBSDSocket.Handle.self
        ) { fcntl($0, F_DUPFD_CLOEXEC, 0) }
        return descriptor.flatMap { $0 >= 0 ? $0 : nil }
    }

    /// Goes on with an upgrade on the loop of its session. From any loop; owns `descriptor`.
    static func adopt(
        _ descriptor: NIOBSDSocket.Handle, on home: EngineLoop.LoopBox, loops: [EngineLoop.LoopBox],
        exchange: HTTPExchange, leftover: ByteBuffer
    ) {
        let bootstrap = ClientBootstrap(group: home.eventLoop)
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let allocator = ReceiveAllocator(home.value.receiveBuffer)
                    try channel.syncOptions?.setOption(.recvAllocator, value: allocator)
                    let handler = HTTPConnectionHandler(
                        loop: home.value, loops: loops, adopted: (exchange, leftover))
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
        _ = bootstrap.withConnectedSocket(descriptor)
    }
}
