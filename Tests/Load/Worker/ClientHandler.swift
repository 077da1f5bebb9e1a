import NIOCore

/// One WebSocket of a ``ChatClient``: the answer to the handshake, then frames. Lives on the worker's event loop.
final class ClientHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let client: ChatClient
    private var context: ChannelHandlerContext?
    private var frames = ServerFrames()
    private var isUpgraded = false
    /// Of the answer's head, until it is whole.
    private var head = ByteBuffer()

    init(_ client: ChatClient) { self.client = client }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelActive(context: ChannelHandlerContext) { self.client.opened(self) }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        self.client.closed(self)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = Self.unwrapInboundIn(data)
        if self.isUpgraded { self.read(bytes) } else { self.readHead(bytes) }
    }

    func write(_ frame: ByteBuffer) { self.context?.writeAndFlush(Self.wrapOutboundOut(frame), promise: nil) }

    func close() { self.context?.close(promise: nil) }

    private func read(_ bytes: ByteBuffer) {
        self.client.received(byteCount: bytes.readableBytes)
        let isSound = self.frames.read(bytes) { opcode, payload in
            switch opcode {
            case .text: self.client.receive(payload, on: self)
            case .close: self.close()
            case .ping: self.write(ClientFrame.encode(String(decoding: payload, as: UTF8.self), .pong))
            case .binary, .pong: break
            }
        }
        if !isSound {
            self.client.receivedRubbish()
            self.close()
        }
    }

    /// Only its status matters; what follows it is frames already.
    private func readHead(_ bytes: ByteBuffer) {
        self.head.writeImmutableBuffer(bytes)
        let view = self.head.readableBytesView
        guard let end = view.firstRange(of: "\r\n\r\n".utf8)?.upperBound else { return }
        guard view.starts(with: "HTTP/1.1 101".utf8) else {
            self.client.refused(self)
            return self.close()
        }
        let rest = self.head.getSlice(at: end, length: self.head.writerIndex - end) ?? ByteBuffer()
        self.head = ByteBuffer()
        self.isUpgraded = true
        if rest.readableBytes > 0 { self.read(rest) }
    }
}

@available(*, unavailable)
extension ClientHandler: Sendable {}
