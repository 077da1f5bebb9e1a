import CoreMetrics
import NIOCore
import NIOHTTP1

/// HTTP requests in, answers out, one after the other; leaves the pipeline when a request becomes a WebSocket, or another
/// node's (`HTTPConnectionLeaving.swift`).
///
/// One per TCP connection, on the loop that accepted it. Sessions live on their home loop: requests hop there with a
/// ``PollRequest``, only the answer hops back.
final class HTTPConnectionHandler: ChannelInboundHandler, RemovableChannelHandler, DeadlineEntry {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = ByteBuffer
    typealias Decoder = ByteToMessageHandler<HTTPRequestDecoder>

    /// What a client may send ahead while it waits for an answer.
    private static let maxWaitingParts = 64
    /// How long, after the last answer, the client's own close is waited for.
    private static let lingerTime = TimeAmount.seconds(10)

    enum State {
        /// Between requests.
        case idle
        /// The head has come, not yet all of the body.
        case receiving
        /// Handed over; the answer is awaited.
        case answering
        case upgrading
        /// The last answer is given: what still comes is thrown away.
        case finishing
        /// Another handler, or another loop, has the connection.
        case left
    }

    let loop: EngineLoop
    let loops: [EngineLoop.LoopBox]
    private let router: EngineRouter
    let decoder: Decoder?
    let requestTimeout: TimeAmount
    private let idleTimeout: TimeAmount
    private(set) var context: ChannelHandlerContext?
    var state = State.idle
    var exchange: HTTPExchange?
    private var waiting = CircularBuffer<HTTPServerRequestPart>()
    /// Whether what was last read from the socket held a part of a request.
    private var hasHeard = false
    /// Bytes of a head have come, and not yet all of it; of the first one they are due.
    private var isHeadDue = true
    /// Bytes behind an upgrade request, already the WebSocket's.
    var leftover = ByteBuffer()
    private var adopted: (HTTPExchange, ByteBuffer)?
    var deadline: NIODeadline?
    var wheelPlace: DeadlineWheel.Place?

    /// `adopted`: an upgrade request, and the bytes behind it, that another loop accepted for a session of this one.
    init(
        loop: EngineLoop, loops: [EngineLoop.LoopBox], decoder: Decoder?, servesNodes: Bool = false,
        adopted: (HTTPExchange, ByteBuffer)? = nil
    ) {
        self.loop = loop
        self.loops = loops
        self.router = EngineRouter(context: loop.context, loops: loops.count, servesNodes: servesNodes)
        self.decoder = decoder
        self.adopted = adopted
        self.requestTimeout = TimeAmount(loop.context.configuration.requestTimeout)
        self.idleTimeout = TimeAmount(loop.context.configuration.idleTimeout)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        // A first head is due soon: a client that connects has something to say.
        self.setDeadline(in: self.requestTimeout)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        self.loop.wheel.disarm(self)
    }

    func channelActive(context: ChannelHandlerContext) {
        self.loop.opened(context.channel)
        context.fireChannelActive()
        guard let (exchange, leftover) = self.adopted else { return }
        self.adopted = nil
        self.exchange = exchange
        self.state = .upgrading
        self.leftover = leftover
        self.carryOutUpgrade()
    }

    // MARK: Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch self.state {
        case .idle, .receiving, .answering: break
        // The decoder may have left the pipeline: what comes now need not be a part of a request.
        case .upgrading, .finishing, .left: return
        }
        self.hasHeard = true
        self.waiting.append(Self.unwrapInboundIn(data))
        self.proceed()
        if self.waiting.count > Self.maxWaitingParts { context.close(promise: nil) }
    }

    /// What made no part of a request, while none is under way, is the beginning of a head: it is waited for no longer than
    /// the first one, however slowly it goes on.
    func channelReadComplete(context: ChannelHandlerContext) {
        if self.state == .idle, self.waiting.isEmpty, !self.hasHeard, !self.isHeadDue {
            self.isHeadDue = true
            self.setDeadline(in: self.requestTimeout)
        }
        self.hasHeard = false
        context.fireChannelReadComplete()
    }

    private func proceed() {
        while let part = self.waiting.first {
            switch (self.state, part) {
            case (.idle, .head(let head)):
                // Whoever does not read answers gets no more of them: what is sent ahead waits, and is bounded.
                guard self.context?.channel.isWritable == true else { return }
                self.waiting.removeFirst()
                self.begin(head)
            case (.receiving, .body(let bytes)):
                self.waiting.removeFirst()
                self.receive(bytes)
            case (.receiving, .end):
                self.waiting.removeFirst()
                self.complete()
            case (.idle, _), (.finishing, _):
                self.waiting.removeFirst()
            case (.receiving, .head), (.answering, _), (.upgrading, _), (.left, _):
                return
            }
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if self.state == .idle, !self.isHeadDue { self.setIdleDeadline(context) }
        self.proceed()
        context.fireChannelWritabilityChanged()
    }

    private func begin(_ head: HTTPRequestHead) {
        guard HTTPExchange.hasEnd(head) else { return self.finish(.malformed) }
        let request = EngineRequest(uri: head.uri)
        let exchange = HTTPExchange(
            id: self.loop.nextRequestID(), head: head, request: request, route: self.router.route(head, request))
        self.exchange = exchange
        self.state = .receiving
        self.isHeadDue = false
        self.setDeadline(in: self.requestTimeout)
        guard exchange.announcedBytes <= self.loop.context.configuration.maxPayloadBytes else {
            return self.refuseBody()
        }
        if case .session(let sid, .post) = exchange.route {
            let request = self.pollRequest(exchange)
            self.onHome(sid) { $0.sessions[sid.text].beginPost(request) }
            self.continueIfAsked(exchange)
        } else if case .forward = exchange.route {
            self.continueIfAsked(exchange)
        }
    }

    private func continueIfAsked(_ exchange: HTTPExchange) {
        guard exchange.expectsContinue else { return }
        let bytes = ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")
        self.context?.writeAndFlush(Self.wrapOutboundOut(bytes), promise: nil)
    }

    private func receive(_ bytes: ByteBuffer) {
        guard var exchange = self.exchange else { return }
        self.exchange = nil
        exchange.body.writeImmutableBuffer(bytes)
        self.exchange = exchange
        if exchange.body.readableBytes > self.loop.context.configuration.maxPayloadBytes { self.refuseBody() }
    }

    /// Too large: the session ends with it, for the packets are lost.
    private func refuseBody() {
        guard let exchange = self.exchange else { return }
        if case .session(let sid, .post) = exchange.route {
            let (id, request) = (exchange.id, self.pollRequest(exchange))
            self.onHome(sid) { home in
                home.sessions[sid.text].beginPost(request)
                home.sessions[sid.text]?.endPost(id, body: nil)
            }
        }
        var answer = HTTPAnswer.tooLarge
        answer.closes = true
        self.write(answer)
    }

    /// The request is whole.
    private func complete() {
        guard var exchange = self.exchange else { return }
        exchange.isWhole = true
        self.exchange = exchange
        self.state = .answering
        self.deadline = nil
        if let answer = exchange.earlyAnswer { return self.write(answer) }
        let request = self.pollRequest(exchange)
        switch exchange.route {
        case .answer(let answer): self.write(answer)
        case .refuse(let refusal): self.refuse(refusal)
        case .handshake(let mount): self.shakeHands(exchange, mount)
        case .session(let sid, .get): self.onHome(sid) { $0.sessions[sid.text].poll(request) }
        case .session(let sid, .other): self.onHome(sid) { $0.sessions[sid.text].refuseMethod(request) }
        case .session(let sid, .post):
            // Binary bodies are not of version 4: base64 text is.
            let body = exchange.hasBinaryBody ? nil : exchange.body
            self.onHome(sid) { $0.sessions[sid.text]?.endPost(request.id, body: body) }
        case .plainUpgrade: self.beginUpgrade(home: self.loop.index)
        case .upgrade(_, let sid, _): self.beginUpgrade(home: sid?.loop ?? self.loop.index)
        case .forward(let node): self.leaveHTTP(stopsReading: true) { self.forward(to: node) }
        }
    }

    private func shakeHands(_ exchange: HTTPExchange, _ mount: SocketMount) {
        do throws(EngineRefusal) {
            let connection = try self.admit(exchange, to: mount, transport: .polling)
            var body = ByteBuffer()
            connection.openPacket.append(toPollingBody: &body)
            var answer = HTTPAnswer.payload(body)
            if let cookie = self.loop.context.configuration.cookie {
                answer.headers.append(("Set-Cookie", "\(cookie)=\(connection.sid); Path=/; HttpOnly; SameSite=Lax"))
            }
            self.write(answer)
        } catch {
            self.refuse(error)
        }
    }

    func admit(
        _ exchange: HTTPExchange, to mount: SocketMount, transport: EngineSession.Transport
    ) throws(EngineRefusal) -> EngineConnection {
        let now = NIODeadline.now()
        let address = self.context?.channel.remoteAddress
        let visitor = try self.router.admit(exchange.head, exchange.request, to: mount, from: address, now: now)
        return self.loop.open(mount, visitor: visitor, transport: transport, now: now)
    }

    private func pollRequest(_ exchange: HTTPExchange) -> PollRequest {
        PollRequest(id: exchange.id, connection: self, eventLoop: self.loop.eventLoop)
    }

    /// Runs `body` on the loop the session lives on.
    private func onHome(_ sid: SessionID, _ body: @escaping @Sendable (EngineLoop) -> Void) {
        if sid.loop == self.loop.index { return body(self.loop) }
        let home = self.loops[sid.loop]
        home.eventLoop.execute { body(home.value) }
    }

    // MARK: Answers

    /// The answer to a request that was handed over.
    func answer(_ id: RequestID, _ answer: HTTPAnswer) {
        guard let exchange = self.exchange, exchange.id == id else { return }
        if exchange.isWhole {
            self.write(answer)
        } else {
            self.exchange?.earlyAnswer = answer
        }
    }

    func refuse(_ refusal: EngineRefusal) {
        self.loop.context.metrics.refusals.increment()
        let isUpgrade = self.exchange?.isUpgrade ?? false
        self.write(isUpgrade ? refusal.upgradeAnswer : refusal.answer)
    }

    func write(_ answer: HTTPAnswer) {
        guard let exchange = self.exchange, let context = self.context else { return }
        self.exchange = nil
        let keepAlive = exchange.head.isKeepAlive && !answer.closes && !exchange.isUpgrade
        let bytes = answer.encode(
            headers: exchange.headers(self.loop.context.configuration.crossOrigin), keepAlive: keepAlive,
            isHTTP10: exchange.head.version == .http1_0, isHead: exchange.head.method == .HEAD)
        guard keepAlive else { return self.finish(bytes) }
        context.writeAndFlush(Self.wrapOutboundOut(bytes), promise: nil)
        self.state = .idle
        self.setIdleDeadline(context)
        self.proceed()
    }

    /// Writes the last answer and closes without a reset, which could overtake it: our half first, then the client's.
    private func finish(_ bytes: ByteBuffer) {
        self.state = .finishing
        self.setDeadline(in: Self.lingerTime)
        guard let context = self.context else { return }
        context.writeAndFlush(Self.wrapOutboundOut(bytes), promise: nil)
        context.close(mode: .output, promise: nil)
        self.proceed()
    }

    // MARK: Time and trouble

    /// Until the next request, or, where an answer is not taken, until some of it is.
    private func setIdleDeadline(_ context: ChannelHandlerContext) {
        self.setDeadline(in: context.channel.isWritable ? self.idleTimeout : self.requestTimeout)
    }

    func setDeadline(in time: TimeAmount) {
        let deadline = NIODeadline.now() + time
        self.deadline = deadline
        self.loop.wheel.arm(self, at: deadline)
    }

    func deadlineReached(now: NIODeadline) {
        guard let deadline = self.deadline else { return }
        guard deadline <= now else { return self.loop.wheel.arm(self, at: deadline) }
        guard self.state == .receiving, self.exchange != nil else {
            self.context?.close(promise: nil)
            return
        }
        self.abortExchange()
        self.finish(.timedOut)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if self.state != .left {
            self.loop.closed(context.channel)
            self.abortExchange()
        }
        self.state = .left
        self.deadline = nil
        self.waiting.removeAll()
        context.fireChannelInactive()
    }

    private func abortExchange() {
        guard let exchange = self.exchange else { return }
        self.exchange = nil
        guard case .session(let sid, _) = exchange.route else { return }
        let id = exchange.id
        self.onHome(sid) { $0.sessions[sid.text]?.abort(id) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if case .leftoverDataWhenDone(let bytes)? = error as? ByteToMessageDecoderError {
            self.leftover = bytes
            return
        }
        guard error is HTTPParserError || error is NIOHTTPDecoderError, self.state == .idle || self.state == .receiving
        else {
            if self.state != .finishing { context.close(promise: nil) }
            return
        }
        self.abortExchange()
        self.finish(.malformed)
    }

    /// Ends a connection whose request nobody will answer.
    private func finish(_ answer: HTTPAnswer) {
        self.finish(answer.encode(headers: [], keepAlive: false, isHTTP10: false, isHead: false))
    }
}

@available(*, unavailable)
extension HTTPConnectionHandler: Sendable {}
