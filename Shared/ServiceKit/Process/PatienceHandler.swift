import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Closes a connection when ``ConnectionPatience`` says so; one per connection, on its event loop.
final class PatienceHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    static let interval = TimeAmount.seconds(2)
    private var patience: ConnectionPatience?
    private var checks: RepeatedTask?
    private var isWaiting = false

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { self.start(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        self.start(context)
        context.fireChannelActive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.checks?.cancel() }

    func channelInactive(context: ChannelHandlerContext) {
        self.checks?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch Self.unwrapInboundIn(data) {
        case .head: self.patience?.requestBegan(at: context.eventLoop.now)
        case .body(let buffer): self.patience?.bodyCame(buffer.readableBytes)
        case .end: self.patience?.requestEnded()
        }
        if self.patience?.isFlooded ?? false { return context.close(promise: nil) }
        context.fireChannelRead(data)
    }

    func read(context: ChannelHandlerContext) {
        self.isWaiting = true
        context.read()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.isWaiting = false
        context.fireChannelReadComplete()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = Self.unwrapOutboundIn(data) { self.patience?.answerEnded(at: context.eventLoop.now) }
        context.write(data, promise: promise)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.patience?.writabilityChanged(to: context.channel.isWritable, at: context.eventLoop.now)
        context.fireChannelWritabilityChanged()
    }

    private func start(_ context: ChannelHandlerContext) {
        guard self.patience == nil else { return }
        self.patience = ConnectionPatience(connectedAt: context.eventLoop.now)
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        self.checks = context.eventLoop.scheduleRepeatedTask(initialDelay: Self.interval, delay: Self.interval) { _ in
            let (handler, context) = bound.value
            if handler.patience?.isOver(at: context.eventLoop.now, isWaiting: handler.isWaiting) ?? false {
                context.close(promise: nil)
            }
        }
    }
}

@available(*, unavailable)
extension PatienceHandler: Sendable {}
