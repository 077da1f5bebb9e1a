import NIOCore
import NIOPosix
import Testing

/// A TCP connection to a server under test: bytes out, bytes in, nothing else decided for the test.
final class WireClient {
    static let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    let channel: any Channel
    private var incoming: AsyncStream<ByteBuffer>.AsyncIterator
    private var unread = ByteBuffer()

    init(port: Int) async throws {
        let (stream, continuation) = AsyncStream<ByteBuffer>.makeStream()
        self.channel = try await ClientBootstrap(group: Self.group)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Receiver(continuation))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        self.incoming = stream.makeAsyncIterator()
    }

    func send(_ bytes: ByteBuffer) async throws { try await self.channel.writeAndFlush(bytes) }
    func send(_ text: String) async throws { try await self.send(ByteBuffer(string: text)) }

    /// Closes without a word.
    func abort() async throws { try await self.channel.close() }

    /// Stops reading from the socket: what the server sends piles up.
    func stopReading() async throws { try await self.channel.setOption(.autoRead, value: false).get() }
    func resumeReading() async throws { try await self.channel.setOption(.autoRead, value: true).get() }

    /// `nil` once the server has closed and everything was read.
    func read(_ count: Int) async -> ByteBuffer? {
        while self.unread.readableBytes < count {
            guard await self.more() else { return nil }
        }
        return self.unread.readSlice(length: count)
    }

    /// Up to and with `end`.
    func read(upTo end: String) async -> String? {
        let mark = Array(end.utf8)
        while true {
            let view = self.unread.readableBytesView
            if let found = view.firstRange(of: mark) {
                return self.unread.readString(length: found.upperBound - view.startIndex)
            }
            guard await self.more() else { return nil }
        }
    }

    /// Whatever comes until the server closes.
    func readToEnd() async -> ByteBuffer {
        while await self.more() {}
        defer { self.unread = ByteBuffer() }
        return self.unread
    }

    private func more() async -> Bool {
        guard let bytes = await self.incoming.next() else { return false }
        self.unread.writeImmutableBuffer(bytes)
        return true
    }
}

private final class Receiver: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let continuation: AsyncStream<ByteBuffer>.Continuation
    init(_ continuation: AsyncStream<ByteBuffer>.Continuation) { self.continuation = continuation }
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.continuation.yield(Self.unwrapInboundIn(data))
    }
    func channelInactive(context: ChannelHandlerContext) { self.continuation.finish() }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
