import CoreMetrics
import NIOCore
import NIOHTTP1

/// HTTP requests in, answers out, one after the other; leaves the pipeline when a request becomes a WebSocket, or another
/// node's (`HTTPConnectionLeaving.swift`).
///
/// One per TCP connection, on the loop that accepted it. Sessions live on their home loop: requests hop there with a
/// ``PollRequest``, only the answer hops back.
final class HTTPConnectionHandler: ChannelInboundHandler, RemovableChannelHandler, DeadlineEntry {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What a client may send ahead while it waits for an answer.
    private static let maxAheadBytes = 128 * 1024
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
    let requestTimeout: TimeAmount
    private let idleTimeout: TimeAmount
    private(set) var context: ChannelHandlerContext?
    /// The channel's own; asking for it is dear.
    private var descriptor: NIOBSDSocket.Handle?
    var state = State.idle
    var exchange: HTTPExchange?
    var parser: RequestParser
    private var isProceeding = false
    /// Bytes of a head have come, and not yet all of it; of the first one they are due.
    private var isHeadDue = true
    private var adopted: HTTPExchange?
    var deadline: NIODeadline?
    var wheelPlace: DeadlineWheel.Place?

    /// `adopted`: an upgrade request, and the bytes behind it, that another loop accepted for a session of this one.
    init(
        loop: EngineLoop, loops: [EngineLoop.LoopBox], servesNodes: Bool = false,
        adopted: (exchange: HTTPExchange, leftover: ByteBuffer)? = nil
    ) {
        self.loop = loop
        self.loops = loops
        self.router = EngineRouter(context: loop.context, loops: loops.count, servesNodes: servesNodes)
        self.parser = RequestParser(maxHeadBytes: loop.context.configuration.maxHeaderBytes)
        if let adopted {
            self.adopted = adopted.exchange
            self.parser.append(adopted.leftover)
        }
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
        self.descriptor = ConnectedSocket.descriptor(of: context.channel)
        guard let exchange = self.adopted else { return self.readAhead(context) }
        self.adopted = nil
        self.exchange = exchange
        self.state = .upgrading
        self.carryOutUpgrade()
    }

    /// `nil` once NIO may have closed it: then it may be another connection's.
    var usableDescriptor: NIOBSDSocket.Handle? { self.context?.channel.isActive == true ? self.descriptor : nil }

    // MARK: Requests

    /// What has come before the connection was accepted, as in a storm: by NIO it would be read in two parts, each after
    /// another turn of the loop.
    private func readAhead(_ context: ChannelHandlerContext) {
        guard let descriptor = self.usableDescriptor,
            let bytes = ConnectedSocket.receive(from: descriptor, into: self.loop.receiveBuffer.value)
        else { return }
        self.receive(bytes, context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.receive(Self.unwrapInboundIn(data), context)
    }

    private func receive(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        if self.state == .finishing || self.state == .left { return }
        self.parser.append(bytes)
        self.proceed()
        self.parser.compact()
        self.loop.receiveBuffer.value.giveBack(bytes)
        if self.parser.unreadBytes > Self.maxAheadBytes { context.close(promise: nil) }
    }

    private func proceed() {
        // An answer calls this too: requests sent ahead are not to go deeper and deeper.
        guard !self.isProceeding else { return }
        self.isProceeding = true
        defer { self.isProceeding = false }
        // Whoever does not read answers gets no more of them: what is sent ahead waits, and is bounded.
        while self.state == .receiving || self.state == .idle && self.context?.channel.isWritable == true {
            switch self.parser.next() {
            case .head(let head): self.begin(head)
            case .body(let bytes): self.receive(bytes)
            case .end: self.complete()
            case .failure:
                self.abortExchange()
                self.finish(.malformed)
            case nil: return self.awaitHead()
            }
        }
    }

    /// The beginning of a head, while no request is under way, is waited for no longer than the first one, however slowly it
    /// goes on.
    private func awaitHead() {
        guard self.state == .idle, !self.isHeadDue, self.parser.isWithinHead else { return }
        self.isHeadDue = true
        self.setDeadline(in: self.requestTimeout)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if self.state == .idle, !self.isHeadDue { self.setIdleDeadline(context) }
        self.proceed()
        context.fireChannelWritabilityChanged()
    }

    private func begin(_ head: HTTPRequestHead) {
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
        case .forward(let node): self.beginForwarding(to: node)
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
        _ = self.parser.takeRest()
        context.writeAndFlush(Self.wrapOutboundOut(bytes), promise: nil)
        context.close(mode: .output, promise: nil)
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
        if self.state != .finishing { context.close(promise: nil) }
    }

    /// Ends a connection whose request nobody will answer.
    private func finish(_ answer: HTTPAnswer) {
        self.finish(answer.encode(headers: [], keepAlive: false, isHTTP10: false, isHead: false))
    }
}

@available(*, unavailable)
extension HTTPConnectionHandler: Sendable {}
