import ChatAPI
import Foundation
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
    private let limit: TimeAmount
    private let proxies: TrustedProxies
    private var patience: ConnectionPatience?
    private var checks: RepeatedTask?
    private var isWaiting = false
    /// Whether the client is a proxy of ours. How slowly its own client takes an answer is for it to judge: between the two,
    /// megabytes in the kernel may hide every move for longer than our limit.
    private var isProxy = false
    /// Whether what was last read from the socket held a part of a request.
    private var hasHeard = false
    /// Whether a request has begun to which no answer has.
    private var isUnanswered = false
    /// Whether an answer has begun and not ended, of an earlier request perhaps.
    private var isAnswering = false

    init(limit: Duration, proxies: TrustedProxies) {
        self.limit = TimeAmount(limit)
        self.proxies = proxies
    }

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
        self.hasHeard = true
        switch Self.unwrapInboundIn(data) {
        case .head:
            self.isUnanswered = true
            self.patience?.requestBegan(at: context.eventLoop.now)
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
        if !self.hasHeard { self.patience?.bytesCame(at: context.eventLoop.now) }
        self.hasHeard = false
        context.fireChannelReadComplete()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch Self.unwrapOutboundIn(data) {
        case .head:
            self.isUnanswered = false
            self.isAnswering = true
        case .body: break
        case .end:
            self.isAnswering = false
            self.patience?.answerEnded(at: context.eventLoop.now)
        }
        context.write(data, promise: promise)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if !self.isProxy {
            self.patience?.writabilityChanged(to: context.channel.isWritable, at: context.eventLoop.now)
        }
        context.fireChannelWritabilityChanged()
    }

    private func start(_ context: ChannelHandlerContext) {
        guard self.patience == nil else { return }
        self.patience = ConnectionPatience(connectedAt: context.eventLoop.now, limit: self.limit)
        self.isProxy = context.remoteAddress?.ipAddress.map(self.proxies.contains) ?? false
        // An answer that is taken slowly is seen to be taken: the kernel tells of room while little waits in it, and not
        // only once a third of its buffer, which may be megabytes, is free.
        _ = context.channel.setOption(.tcpOption(.notSentLowWaterMark), value: 128 * 1024)
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        self.checks = context.eventLoop.scheduleRepeatedTask(initialDelay: Self.interval, delay: Self.interval) { _ in
            let (handler, context) = bound.value
            if handler.patience?.isOver(at: context.eventLoop.now, isWaiting: handler.isWaiting) ?? false {
                handler.end(context)
            }
        }
    }

    /// Who is not done with a request is told so; the service, which still waits for the rest, finds the connection gone.
    private func end(_ context: ChannelHandlerContext) {
        if self.isUnanswered, !self.isAnswering {
            let refusal = RequestError.timedOut
            let body = ByteBuffer(bytes: (try? JSONEncoder.teahouse.encode(refusal.body)) ?? Data())
            let fields: HTTPFields = [
                .contentType: "application/json; charset=utf-8", .contentLength: "\(body.readableBytes)",
                .connection: "close",
            ]
            let head = HTTPResponse(status: refusal.status, headerFields: fields)
            for part in [HTTPResponsePart.head(head), .body(body), .end(nil)] {
                context.write(Self.wrapOutboundOut(part), promise: nil)
            }
            context.flush()
        }
        context.close(promise: nil)
    }
}

extension NIOBSDSocket.Option {
    /// `TCP_NOTSENT_LOWAT`.
    fileprivate static let notSentLowWaterMark = Self(rawValue: 25)
}

@available(*, unavailable)
extension PatienceHandler: Sendable {}
