import NIOCore
import NIOPosix

/// One end of a connection that goes through this node: what comes here leaves at the other end, and who does not read
/// is not read from.
///
/// Both ends live on one event loop.
final class RelayHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let connectTimeout = TimeAmount.seconds(2)
    /// How long, after the last byte, the receiver's own close is waited for.
    private static let lingerTime = TimeAmount.seconds(10)

    private let loop: EngineLoop
    /// What comes here is thrown away: after a request that is not an upgrade nothing more is expected.
    private let discards: Bool
    private var other: RelayHandler?
    private var context: ChannelHandlerContext?

    private init(loop: EngineLoop, discards: Bool) {
        self.loop = loop
        self.discards = discards
    }

    /// The two ends. `isUpgrade`: the client goes on after its request.
    static func pair(loop: EngineLoop, isUpgrade: Bool) -> (client: RelayHandler, owner: RelayHandler) {
        let client = RelayHandler(loop: loop, discards: !isUpgrade)
        let owner = RelayHandler(loop: loop, discards: false)
        client.other = owner
        owner.other = client
        return (client, owner)
    }

    /// Connects to another node, on this loop.
    static func connect(to address: NodeRegistry.Address, on loop: EngineLoop) -> EventLoopFuture<any Channel> {
        ClientBootstrap(group: loop.eventLoop)
            .connectTimeout(self.connectTimeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.recvAllocator, value: ReceiveAllocator(loop.receiveBuffer))
            .channelOption(.maxMessagesPerRead, value: 1)
            .connect(host: address.host, port: address.port)
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !self.discards else { return }
        self.other?.write(Self.unwrapInboundIn(data))
    }

    /// Sends `bytes` here.
    func write(_ bytes: ByteBuffer) {
        self.loop.eventLoop.assertInEventLoop()
        guard bytes.readableBytes > 0, let context = self.context else { return }
        context.writeAndFlush(Self.wrapOutboundOut(bytes), promise: nil)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.other?.setReading(context.channel.isWritable)
        context.fireChannelWritabilityChanged()
    }

    func setReading(_ isOn: Bool) { try? self.context?.channel.syncOptions?.setOption(.autoRead, value: isOn) }

    func channelInactive(context: ChannelHandlerContext) {
        self.loop.closed(context.channel)
        let other = self.other
        self.other = nil
        other?.otherClosed()
        context.fireChannelInactive()
    }

    /// What was relayed still leaves; closing at once could reset the connection in front of it.
    private func otherClosed() {
        self.other = nil
        guard let context = self.context else { return }
        context.close(mode: .output, promise: nil)
        self.setReading(true)
        let channel = context.channel
        self.loop.eventLoop.assumeIsolated().scheduleTask(in: Self.lingerTime) { channel.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

@available(*, unavailable)
extension RelayHandler: Sendable {}
