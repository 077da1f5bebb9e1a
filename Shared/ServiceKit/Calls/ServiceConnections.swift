import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// Keep-alive connections of one event loop to other services, for calls that are made from it thousands of times a second:
/// no other thread is woken, and nothing is done for a call but to write it and to read its answer.
///
/// A connection bears one call at a time; there are as many as calls were under way at once. Used on its loop only.
final class ServiceConnections {
    struct Request {
        var method: HTTPMethod
        /// `10.0.0.1:8004`.
        var authority: Authority
        var target: String
        var headers: HTTPHeaders
        var body: ByteBuffer
    }

    struct Authority: Hashable, Sendable {
        var host: String
        var port: Int

        var text: String { self.host.contains(":") ? "[\(self.host)]:\(self.port)" : "\(self.host):\(self.port)" }
    }

    struct Answer: Sendable {
        var status: HTTPResponseStatus
        var body: ByteBuffer
    }

    enum Failure: Error {
        /// No answer until the deadline: what was asked may have been done.
        case timedOut
        /// The connection ended before the answer was whole.
        case closed
        case answerTooLarge
    }

    /// Below the idle time of our listeners, so that a connection is not closed under a request.
    private static let idleTime = TimeAmount.seconds(20)
    private static let connectTime = TimeAmount.seconds(2)
    private static let all = Mutex<[ObjectIdentifier: NIOLoopBoundBox<ServiceConnections>]>([:])

    /// Those of the loop this is called on; `nil` on any other thread.
    static var current: ServiceConnections? {
        guard let loop = MultiThreadedEventLoopGroup.currentEventLoop else { return nil }
        let box = self.all.withLock { all in
            if let known = all[ObjectIdentifier(loop)] { return known }
            let new = NIOLoopBoundBox(ServiceConnections(loop), eventLoop: loop)
            all[ObjectIdentifier(loop)] = new
            return new
        }
        return box.value
    }

    private let eventLoop: any EventLoop
    private var idle: [Authority: [ServiceCallHandler]] = [:]

    private init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    /// Calls `completion` once, on the loop. What may be asked twice without harm: a call that finds its connection closed
    /// by the other side meanwhile, before a byte of the answer came, is made again on a new one.
    func call(
        _ request: Request, until deadline: NIODeadline, _ completion: @escaping (Result<Answer, any Error>) -> Void
    ) {
        self.eventLoop.assertInEventLoop()
        guard let connection = self.takeIdle(request.authority) else {
            return self.callAnew(request, until: deadline, completion)
        }
        connection.call(request, until: deadline) { result in
            if case .failure(Failure.closed) = result, !connection.hasHeard {
                return self.callAnew(request, until: deadline, completion)
            }
            self.ended(connection, request.authority)
            completion(result)
        }
    }

    private func callAnew(
        _ request: Request, until deadline: NIODeadline, _ completion: @escaping (Result<Answer, any Error>) -> Void
    ) {
        let connection = ServiceCallHandler()
        let handler = NIOLoopBound(connection, eventLoop: self.eventLoop)
        ClientBootstrap(group: self.eventLoop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .connectTimeout(min(Self.connectTime, deadline - .now()))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    try channel.pipeline.syncOperations.addHandler(handler.value)
                }
            }
            .connect(host: request.authority.host, port: request.authority.port).assumeIsolated()
            .whenComplete { result in
                if case .failure(let error) = result { return completion(.failure(error)) }
                connection.call(request, until: deadline) { result in
                    self.ended(connection, request.authority)
                    completion(result)
                }
            }
    }

    private func takeIdle(_ authority: Authority) -> ServiceCallHandler? {
        let now = NIODeadline.now()
        while let connection = self.idle[authority]?.popLast() {
            if connection.isReusable, now < connection.lastUsed + Self.idleTime { return connection }
            connection.close()
        }
        return nil
    }

    private func ended(_ connection: ServiceCallHandler, _ authority: Authority) {
        guard connection.isReusable else { return connection.close() }
        // Those that nobody has used for so long lie in front, as the last one is always taken first.
        let now = NIODeadline.now()
        while let first = self.idle[authority]?.first, now >= first.lastUsed + Self.idleTime || !first.isReusable {
            self.idle[authority]?.removeFirst().close()
        }
        self.idle[authority, default: []].append(connection)
    }
}

@available(*, unavailable)
extension ServiceConnections: Sendable {}

/// One connection of ``ServiceConnections``: a request out, its answer in.
final class ServiceCallHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private static let maxAnswerBytes = 64 * 1024 * 1024

    private struct Call {
        var completion: (Result<ServiceConnections.Answer, any Error>) -> Void
        var timer: Scheduled<Void>
    }

    private var context: ChannelHandlerContext?
    private var call: Call?
    private var answer: ServiceConnections.Answer?
    private var keepsAlive = true
    /// Whether a byte of the answer has come.
    private(set) var hasHeard = false
    private(set) var lastUsed = NIODeadline.now()

    var isReusable: Bool { self.call == nil && self.keepsAlive && self.context?.channel.isActive == true }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func call(
        _ request: ServiceConnections.Request, until deadline: NIODeadline,
        _ completion: @escaping (Result<ServiceConnections.Answer, any Error>) -> Void
    ) {
        guard let context = self.context, context.channel.isActive else {
            return completion(.failure(ServiceConnections.Failure.closed))
        }
        self.hasHeard = false
        let timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
            self.end(.failure(ServiceConnections.Failure.timedOut))
        }
        self.call = Call(completion: completion, timer: timer)
        let head = HTTPRequestHead(
            version: .http1_1, method: request.method, uri: request.target, headers: request.headers)
        context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
        context.write(Self.wrapOutboundOut(.body(.byteBuffer(request.body))), promise: nil)
        context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: nil)
    }

    func close() { self.context?.close(promise: nil) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.hasHeard = true
        switch Self.unwrapInboundIn(data) {
        case .head(let head):
            self.keepsAlive = head.isKeepAlive
            self.answer = ServiceConnections.Answer(status: head.status, body: ByteBuffer())
        case .body(let bytes):
            guard var answer = self.answer else { return }
            self.answer = nil
            if answer.body.readableBytes == 0 { answer.body = bytes } else { answer.body.writeImmutableBuffer(bytes) }
            if answer.body.readableBytes > Self.maxAnswerBytes {
                return self.end(.failure(ServiceConnections.Failure.answerTooLarge))
            }
            self.answer = answer
        case .end:
            guard let answer = self.answer else { return }
            self.answer = nil
            self.end(.success(answer))
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.keepsAlive = false
        self.end(.failure(ServiceConnections.Failure.closed))
        context.fireChannelInactive()
    }

    /// What is no answer, or a broken connection.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.end(.failure(self.hasHeard ? error : ServiceConnections.Failure.closed))
        context.close(promise: nil)
    }

    private func end(_ result: Result<ServiceConnections.Answer, any Error>) {
        guard let call = self.call else { return }
        self.call = nil
        call.timer.cancel()
        self.lastUsed = .now()
        if case .failure = result {
            self.keepsAlive = false
            self.context?.close(promise: nil)
        }
        call.completion(result)
    }
}

@available(*, unavailable)
extension ServiceCallHandler: Sendable {}
