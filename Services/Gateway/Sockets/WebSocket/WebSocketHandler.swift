import NIOCore
import NIOPosix

/// WebSocket frames in, messages out; after the upgrade the one handler of its channel.
///
/// Lives on its channel's event loop, which is its session's home.
final class WebSocketHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// NIO's defaults: from the upper one on a channel is full, below the lower one it is writable again.
    static let lowWaterMark = 32 * 1024
    private static let highWaterMark = 64 * 1024
    /// How long the peer may take to answer our Close frame before TCP is closed regardless.
    private static let closeTimeout = TimeAmount.seconds(5)

    private enum Phase {
        case open
        /// Our Close frame is written: nothing more is sent, and only the peer's is still heard.
        case closing
        case closed
    }

    // What sending touches comes first, and so lies together in memory.
    private var phase = Phase.open
    /// What leaves with the next ``flush()``.
    private var unsent: UnsentFrames?
    private var unsentBytes = 0
    /// Whether the loop flushes at the end of this turn.
    private var isFlushPlanned = false
    /// What NIO held when last asked.
    private var buffered = 0 {
        didSet { self.loop.queuedBytes += self.buffered - oldValue }
    }
    private let loop: EngineLoop
    /// For writing without NIO, which costs twice the time; `nil` once it may not be used. A descriptor that NIO has closed
    /// may already be another connection's: closing a channel tells its handlers before anything else runs on the loop.
    private var descriptor: NIOBSDSocket.Handle?
    /// Somebody waits for ``WebSocketOwner/drained()``, of which NIO tells only where it was full itself.
    private var isDrainAwaited = false
    /// Before the first flush NIO may hold the answer to the upgrade.
    private var isBufferedKnown = false
    private let maxQueuedBytes: Int
    private var context: ChannelHandlerContext?
    private var owner: (any WebSocketOwner)?
    private var frames: FrameParser

    /// `owner` is `nil` for a WebSocket that is closed at once, `descriptor` where there is none to write to past NIO.
    init(loop: EngineLoop, owner: (any WebSocketOwner)?, descriptor: NIOBSDSocket.Handle?) {
        self.loop = loop
        self.owner = owner
        self.descriptor = descriptor
        self.maxQueuedBytes = loop.context.configuration.maxQueuedBytes
        self.frames = FrameParser(maxMessageBytes: loop.context.configuration.maxPayloadBytes)
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        self.descriptor = nil
    }

    // MARK: Sending

    /// Answers the request for the upgrade, before any frame.
    func begin(with response: ByteBuffer) { _ = self.write(SharedFrame(bytes: response)) }

    /// Sends a frame of a message at the end of this turn of the loop; where it `lingers`, with what follows, or a moment
    /// later.
    func send(_ frame: SharedFrame, lingers: Bool = false) {
        guard self.write(frame, lingers: lingers) else { return self.owner?.overflowed(self) ?? () }
        self.loop.sent += 1
    }

    /// Writes a whole frame, to leave at the end of this turn of the loop or with a ``flush()`` before. `false`: more would
    /// wait than may.
    func write(_ frame: SharedFrame, lingers: Bool = false) -> Bool {
        self.loop.eventLoop.assertInEventLoop()
        guard self.phase == .open else { return true }
        let count = frame.count
        if self.unsentBytes + self.buffered + count > self.maxQueuedBytes {
            self.measure()
            guard self.unsentBytes + self.buffered + count <= self.maxQueuedBytes else { return false }
        }
        self.unsentBytes += count
        if self.unsent == nil {
            self.unsent = UnsentFrames(frame, latest: &self.loop.latestRun)
        } else {
            self.unsent?.append(frame)
        }
        guard !self.isFlushPlanned else { return true }
        self.isFlushPlanned = !lingers
        if lingers { self.loop.flushSoon(self) } else { self.loop.flushLater(self) }
        return true
    }

    func flush() {
        self.isFlushPlanned = false
        guard let unsent = self.unsent else { return }
        self.unsent = nil
        self.unsentBytes = 0
        var bytes = unsent.bytes
        self.sendNow(&bytes)
        if bytes.readableBytes > 0, let context = self.context {
            context.writeAndFlush(Self.wrapOutboundOut(bytes), promise: nil)
            self.measure()
        }
        if self.isDrainAwaited, self.isWritable {
            self.isDrainAwaited = false
            self.owner?.drained()
        }
    }

    /// Takes from `bytes` what the kernel takes now. Only while no close has begun and NIO holds nothing: what it holds
    /// comes first.
    private func sendNow(_ bytes: inout ByteBuffer) {
        if self.buffered > 0 || !self.isBufferedKnown { self.measure() }
        guard self.buffered == 0, self.phase == .open, let descriptor = self.descriptor else { return }
        guard let count = ConnectedSocket.send(bytes, to: descriptor) else {
            // NIO meets the same error and ends the connection.
            self.descriptor = nil
            return
        }
        bytes.moveReaderIndex(forwardBy: count)
    }

    /// Nothing waits in front of what would be written now.
    var canWriteNow: Bool {
        if self.buffered > 0 { self.measure() }
        return self.buffered == 0
    }

    /// Whoever is told that it takes no more is told too when it does.
    var isWritable: Bool {
        let isWritable = self.queuedBytes <= Self.highWaterMark && self.context?.channel.isWritable == true
        if !isWritable { self.isDrainAwaited = true }
        return isWritable
    }

    var queuedBytes: Int {
        if self.buffered > 0 { self.measure() }
        return self.buffered + self.unsentBytes
    }

    private func measure() {
        self.buffered = (try? self.context?.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
        self.isBufferedKnown = true
    }

    /// Leaves what is unsent to NIO, for something to follow it.
    private func handOver(_ context: ChannelHandlerContext) {
        self.descriptor = nil
        guard let unsent = self.unsent else { return }
        self.unsent = nil
        self.unsentBytes = 0
        context.write(Self.wrapOutboundOut(unsent.bytes), promise: nil)
    }

    // MARK: Closing

    /// Closes in good order: what was written, a Close frame, the peer's answer, then TCP. `nil`: a Close frame without
    /// a code, as the reference server sends. `last`: a frame that leaves before it, however much waits.
    func close(_ code: CloseCode?, saying last: ByteBuffer? = nil) {
        guard self.phase == .open, let context = self.context else { return }
        self.phase = .closing
        self.owner = nil
        self.handOver(context)
        if let last { context.write(Self.wrapOutboundOut(last), promise: nil) }
        context.writeAndFlush(Self.wrapOutboundOut(Frame.close(code)), promise: nil)
        // Closing at once could reset the connection, and the peer would not read why.
        self.loop.eventLoop.assumeIsolated().scheduleTask(in: Self.closeTimeout) { self.context?.close(promise: nil) }
    }

    private func closedByPeer(_ code: CloseCode?) {
        guard let context = self.context else { return }
        if self.phase == .open {
            self.phase = .closing
            self.leaveOwner(isError: false)
            self.handOver(context)
            context.writeAndFlush(Self.wrapOutboundOut(Frame.close(code)), promise: nil)
        }
        context.close(mode: .output, promise: nil)
        self.loop.eventLoop.assumeIsolated().scheduleTask(in: Self.closeTimeout) { self.context?.close(promise: nil) }
    }

    /// Closes TCP at once, whatever waits.
    func cut() {
        self.phase = .closed
        self.owner = nil
        self.descriptor = nil
        self.context?.close(promise: nil)
    }

    /// It never became part of a channel.
    func abandon() { self.leaveOwner(isError: true) }

    private func leaveOwner(isError: Bool) {
        let owner = self.owner
        self.owner = nil
        owner?.ended(self, isError: isError)
    }

    // MARK: Receiving

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = Self.unwrapInboundIn(data)
        self.receive(bytes)
        let buffer = self.loop.receiveBuffer.value
        if bytes.readableBytes == ReceiveAllocator.first, let descriptor = self.descriptor,
            let rest = ConnectedSocket.receive(from: descriptor, into: buffer)
        {
            // NIO's first buffer was too small; it would read on after another turn of the loop.
            self.receive(rest)
            self.frames.compact()
            buffer.giveBack(rest)
        } else {
            self.frames.compact()
            buffer.giveBack(bytes)
        }
    }

    func receive(_ bytes: ByteBuffer) {
        self.frames.append(bytes)
        while let event = self.frames.next() {
            switch event {
            case .text(let text): if self.phase == .open { self.owner?.received(text: text, on: self) }
            case .binary(let data): if self.phase == .open { self.owner?.received(binary: data, on: self) }
            case .ping(let data): self.answerPing(data)
            case .pong: break
            case .close(let code): self.closedByPeer(code)
            case .failure(let code): self.failed(code)
            }
        }
    }

    private func answerPing(_ data: ByteBuffer) {
        guard self.phase == .open else { return }
        if self.write(SharedFrame(.pong, data)) {
            self.flush()
        } else {
            self.failed(.policyViolation)
        }
    }

    /// The peer broke the rules of WebSocket: told why, and TCP ends without waiting for its answer (RFC 6455 §7.1.7). Our
    /// half first, as a reset could overtake the Close frame; what still comes is thrown away, its Close frame too.
    private func failed(_ code: CloseCode) {
        if self.phase == .open {
            let owner = self.owner
            self.owner = nil
            self.close(code)
            self.context?.close(mode: .output, promise: nil)
            owner?.ended(self, isError: true)
        } else {
            self.context?.close(promise: nil)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { self.owner?.drained() }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.phase = .closed
        self.descriptor = nil
        self.unsent = nil
        self.unsentBytes = 0
        self.buffered = 0
        self.loop.closed(context.channel)
        self.leaveOwner(isError: false)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.descriptor = nil
        if self.phase == .open { self.leaveOwner(isError: true) }
        context.close(promise: nil)
    }
}

@available(*, unavailable)
extension WebSocketHandler: Sendable {}
