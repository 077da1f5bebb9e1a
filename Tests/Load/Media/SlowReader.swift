import NIOCore
import NIOPosix
import Synchronization

/// Connections that read a file, each a few kilobytes now and then.
final class SlowReaders: Sendable {
    /// Of all connections: what has come, how many were answered, and how many were closed on them.
    struct Counts: Sendable {
        var bytes = 0
        var answered = 0
        var closed = 0
    }

    private let counted = Mutex(Counts())
    private let channels = Mutex<[any Channel]>([])

    var counts: Counts { self.counted.withLock { $0 } }

    /// - Parameter bytesPerSecond: of each; read once a second.
    func start(_ count: Int, _ target: Target, path: String, authorization: String, bytesPerSecond: Int) async throws {
        let request = "GET \(path) HTTP/1.1\r\nHost: \(target.host)\r\nAuthorization: \(authorization)\r\n\r\n"
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<count {
                group.addTask { try await self.connect(to: target, request, bytesPerRead: bytesPerSecond) }
            }
            try await group.waitForAll()
        }
    }

    private func connect(to target: Target, _ request: String, bytesPerRead: Int) async throws {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.autoRead, value: false)
            .channelOption(.socketOption(.so_rcvbuf), value: 16 * 1024)
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: bytesPerRead))
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(SlowReader(readers: self))
                }
            }
            .connect(host: target.host, port: target.port).get()
        self.channels.withLock { $0.append(channel) }
        try await channel.writeAndFlush(ByteBuffer(string: request))
    }

    func stop() async {
        let channels = self.channels.withLock { channels in
            defer { channels = [] }
            return channels
        }
        for channel in channels { try? await channel.close() }
    }

    fileprivate func count(_ change: (inout Counts) -> Void) { self.counted.withLock { change(&$0) } }
}

/// One of them, on its event loop.
private final class SlowReader: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let readers: SlowReaders
    private var ticks: RepeatedTask?
    private var hasAnswer = false

    init(readers: SlowReaders) { self.readers = readers }

    func channelActive(context: ChannelHandlerContext) {
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        let first = TimeAmount.milliseconds(.random(in: 0..<1_000))
        self.ticks = context.eventLoop.scheduleRepeatedTask(initialDelay: first, delay: .seconds(1)) { _ in
            bound.value.read()
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = Self.unwrapInboundIn(data)
        let isGood = self.hasAnswer || String(buffer: buffer).hasPrefix("HTTP/1.1 200")
        self.readers.count { counts in
            if !self.hasAnswer, isGood { counts.answered += 1 }
            counts.bytes += buffer.readableBytes
        }
        self.hasAnswer = isGood
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.ticks?.cancel()
        self.readers.count { $0.closed += 1 }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

@available(*, unavailable)
extension SlowReader: Sendable {}
