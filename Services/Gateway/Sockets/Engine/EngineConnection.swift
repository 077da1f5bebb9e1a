import CoreMetrics
import NIOCore
import SocketIO

/// One Engine.IO session on its home loop: carries out what its rules (``EngineSession``) decide.
final class EngineConnection: DeadlineEntry, WebSocketOwner {
    let sid: String
    let loop: EngineLoop
    var wheelPlace: DeadlineWheel.Place?
    private var rules: EngineSession
    private var application: (any EngineApplicationSession)?
    /// Polling requests that are unanswered.
    private(set) var requests: [RequestID: PollRequest] = [:]
    private(set) var webSocket: WebSocketHandler?
    private var probe: WebSocketHandler?
    private var isFlushedLater = false
    /// Of what waits for a GET, what the loop knows of.
    private var countedBytes = 0
    private var isRemoved = false
    /// Whether the client ended the session by a mistake.
    private var hasFailed = false

    init(sid: String, loop: EngineLoop, transport: EngineSession.Transport, now: NIODeadline) {
        self.sid = sid
        self.loop = loop
        self.rules = EngineSession(transport: transport, limits: loop.context.limits, now: now)
    }

    func start(_ mount: SocketMount, visitor: (any Visitor)?, now: NIODeadline) {
        switch mount {
        case .sockets(let application):
            self.application = SocketConnection(application, engine: self, visitor: visitor, now: now)
        case .engine(let application):
            self.application = EngineApplicationAdapter(application, connection: self)
        case .webSocket:
            preconditionFailure("a bare WebSocket has no session")
        }
        self.rearm()
    }

    var isOpen: Bool { self.rules.isOpen }

    /// The packet a session begins with.
    var openPacket: OutgoingPacket {
        let limits = self.loop.context.limits
        let upgrades = self.rules.transport == .polling ? #"["websocket"]"# : "[]"
        let json = #"""
            {"sid":"\#(self.sid)","upgrades":\#(upgrades),"pingInterval":\#(limits.pingInterval.nanoseconds / 1_000_000),\#
            "pingTimeout":\#(limits.pingTimeout.nanoseconds / 1_000_000),"maxPayload":\#(limits.maxPayloadBytes)}
            """#
        return OutgoingPacket(EnginePacket(.open, ByteBuffer(string: json)))
    }

    // MARK: For the application

    /// What waits for the client.
    var queuedBytes: Int { self.webSocket?.queuedBytes ?? self.rules.queuedBytes }

    var isWritable: Bool {
        self.webSocket?.isWritable ?? (self.rules.queuedBytes < WebSocketHandler.lowWaterMark)
    }

    /// Sends packets that belong together, in order. All or nothing: what is volatile and cannot leave now is dropped;
    /// if anything else does not fit, the client is too slow and its transport closed.
    func send(_ packets: [OutgoingPacket], isVolatile: Bool = false) {
        self.loop.eventLoop.assertInEventLoop()
        guard self.rules.isOpen else { return }
        if let webSocket = self.webSocket {
            if isVolatile, !webSocket.canWriteNow { return }
            for packet in packets { webSocket.send(packet.frame) }
        } else {
            if isVolatile, !self.rules.canWriteNow { return }
            guard self.rules.enqueue(packets) else { return self.closeAsSlow() }
            self.countQueue()
            self.loop.sent += 1
            self.flushLater()
        }
    }

    /// As ``send(_:isVolatile:)``, without an array for the one packet most events are. `lingers`: it may wait a moment for
    /// what follows it.
    func send(_ packet: OutgoingPacket, isVolatile: Bool = false, lingers: Bool = false) {
        // A session with a WebSocket is open; one that has closed takes nothing.
        guard let webSocket = self.webSocket else { return self.send([packet], isVolatile: isVolatile) }
        if isVolatile, !webSocket.canWriteNow { return }
        webSocket.send(packet.frame, lingers: lingers)
    }

    func send(_ event: EncodedEvent) {
        if event.others.isEmpty {
            self.send(event.first, isVolatile: event.isVolatile)
        } else {
            self.send([event.first] + event.others, isVolatile: event.isVolatile)
        }
    }

    /// Closes in good order, after what has been sent.
    func close(_ reason: DisconnectReason, code: CloseCode? = nil) {
        self.loop.eventLoop.assertInEventLoop()
        self.perform(self.rules.close(reason, code: code, now: .now()))
    }

    /// The client broke the rules.
    func fail() { self.perform(self.rules.end(.parseError)) }

    /// As one that is too slow, at once: the server's memory is needed.
    func cut() {
        let webSocket = self.webSocket
        self.closeAsSlow()
        webSocket?.cut()
    }

    private func countQueue() {
        let bytes = self.isRemoved ? 0 : self.rules.queuedBytes
        guard bytes != self.countedBytes else { return }
        self.loop.queuedBytes += bytes - self.countedBytes
        self.countedBytes = bytes
    }

    private func closeAsSlow() {
        self.loop.context.metrics.slow.increment()
        // It is past the bound, so it goes with the close. Who polls has left no GET for it.
        if let farewell = self.application?.slowFarewell {
            self.webSocket?.close(.policyViolation, saying: farewell.frame.bytes)
        }
        self.perform(self.rules.end(.slow, code: .policyViolation))
    }

    /// The application's deadline is another one now.
    func rearm() {
        let (own, its) = (self.rules.deadline, self.application?.deadline)
        guard let earliest = own.map({ min($0, its ?? $0) }) ?? its else { return }
        self.loop.wheel.arm(self, at: earliest)
    }

    func deadlineReached(now: NIODeadline) {
        self.perform(self.rules.advance(to: now))
        if self.rules.isOpen, let application = self.application, let deadline = application.deadline, deadline <= now {
            application.deadlineReached(now: now)
        }
        self.rearm()
    }

    // MARK: Polling

    /// A GET.
    func poll(_ request: PollRequest) {
        self.requests[request.id] = request
        self.perform(self.rules.poll(request.id, now: .now()))
    }

    /// The head of a POST.
    func beginPost(_ request: PollRequest) {
        self.requests[request.id] = request
        self.perform(self.rules.beginPost(request.id, now: .now()))
    }

    /// The rest of a POST; `body` is `nil` if it was of a kind or size that is not taken.
    func endPost(_ request: RequestID, body: ByteBuffer?) {
        guard self.rules.isReceiving(request) else { return }
        var isBad = false
        if let body {
            var reader = EnginePayloadReader(body)
            do throws(PacketError) {
                while self.rules.isOpen, let packet = try reader.next() {
                    isBad = !self.receive(packet)
                }
            } catch {
                self.fail()
                isBad = true
            }
        } else {
            self.fail()
            isBad = true
        }
        self.perform(self.rules.endPost(request, isBad: isBad))
    }

    func refuseMethod(_ request: PollRequest) {
        self.requests[request.id] = request
        self.perform(self.rules.refuseMethod(request.id, now: .now()))
    }

    /// The TCP connection of a request is gone.
    func abort(_ request: RequestID) {
        self.requests[request] = nil
        self.perform(self.rules.abort(request))
    }

    // MARK: WebSockets

    /// A session that begins with a WebSocket.
    func begin(on webSocket: WebSocketHandler) {
        self.webSocket = webSocket
        self.send(self.openPacket)
    }

    /// Decides about a WebSocket for this session; afterwards ``attached(_:)`` brings it.
    func attach() -> EngineSession.Attachment {
        let (actions, attachment) = self.rules.attach(now: .now())
        self.perform(actions)
        self.rearm()
        return attachment
    }

    func attached(_ webSocket: WebSocketHandler) { self.probe = webSocket }

    func received(text: ByteBuffer, on webSocket: WebSocketHandler) {
        do throws(PacketError) {
            self.received(try EnginePacket(text: text), on: webSocket)
        } catch {
            self.receivedRubbish(on: webSocket)
        }
    }

    func received(binary: ByteBuffer, on webSocket: WebSocketHandler) {
        self.received(EnginePacket(binary: binary), on: webSocket)
    }

    private func received(_ packet: EnginePacket, on webSocket: WebSocketHandler) {
        if webSocket === self.webSocket {
            _ = self.receive(packet)
        } else if webSocket === self.probe {
            self.perform(self.rules.receiveProbe(packet, now: .now()))
            self.rearm()
        }
    }

    /// A packet that is none.
    private func receivedRubbish(on webSocket: WebSocketHandler) {
        if webSocket === self.webSocket {
            self.fail()
        } else {
            self.detach(webSocket)
            webSocket.close(.protocolError)
        }
    }

    /// The WebSocket is closing or gone; `isError`: not by a Close frame.
    func ended(_ webSocket: WebSocketHandler, isError: Bool) {
        if webSocket === self.webSocket {
            self.perform(self.rules.end(isError ? .transportError : .transportClose))
        } else {
            self.detach(webSocket)
        }
    }

    func overflowed(_ webSocket: WebSocketHandler) {
        if webSocket === self.webSocket { self.closeAsSlow() }
    }

    func drained() { self.application?.drained() }

    private func detach(_ webSocket: WebSocketHandler) {
        guard webSocket === self.probe else { return }
        self.probe = nil
        self.rules.detachProbe()
    }

    // MARK: Carrying out

    /// `false`: the packet ended the session as a mistake.
    private func receive(_ packet: EnginePacket) -> Bool {
        switch self.rules.receive(packet, now: .now()) {
        case .deliver:
            self.loop.context.metrics.messagesIn.increment()
            self.application?.receive(packet)
            return !self.hasFailed
        case .ignore:
            // A pong: the next ping may be due before the deadline of the last one.
            self.rearm()
            return true
        case .end(.transportClose):
            self.perform(self.rules.closedByClient(now: .now()))
            return true
        case .end(let reason):
            self.perform(self.rules.end(reason))
            return false
        }
    }

    private func flushLater() {
        guard !self.isFlushedLater else { return }
        self.isFlushedLater = true
        self.loop.flushLater(self)
    }

    /// Answers the poll that waits with what was sent since the last one.
    func flush() {
        self.isFlushedLater = false
        self.perform(self.rules.flush())
    }

    private func perform(_ actions: [EngineSession.Action]) {
        for action in actions { self.perform(action) }
        self.countQueue()
    }

    private func perform(_ action: EngineSession.Action) {
        switch action {
        case .answer(let request, let payload):
            self.answer(request, .payload(payload))
            if self.rules.isOpen { self.application?.drained() }
        case .accept(let request): self.answer(request, .accepted)
        case .refuse(let request, let refusal): self.answer(request, refusal.answer)
        case .reject(let request): self.answer(request, .rejected)
        case .write(let packet):
            _ = self.webSocket?.write(packet.frame)
        case .writeProbe:
            _ = self.probe?.write(OutgoingPacket.probe.frame)
            self.probe?.flush()
        case .promoteProbe:
            self.webSocket = self.probe
            self.probe = nil
            self.application?.upgraded()
            self.loop.context.metrics.upgrades.increment()
        case .closeProbe:
            self.probe?.close(nil)
            self.probe = nil
        case .closeWebSocket(let code):
            self.webSocket?.close(code)
        case .releaseLater(let time):
            self.loop.eventLoop.assumeIsolated().scheduleTask(deadline: time) {
                self.perform(self.rules.releasePolls(now: .now()))
            }
        case .ended(let reason):
            self.hasFailed = reason == .parseError
            self.loop.context.metrics.ended(reason)
            self.application?.ended(reason)
            self.application = nil
            // A farewell or a tombstone still has its deadline.
            self.rearm()
        case .remove:
            self.webSocket = nil
            self.isRemoved = true
            self.loop.wheel.disarm(self)
            self.loop.remove(self)
        }
    }

    private func answer(_ request: RequestID, _ answer: HTTPAnswer) {
        self.requests.removeValue(forKey: request)?.answer(answer)
    }
}

@available(*, unavailable)
extension EngineConnection: Sendable {}
