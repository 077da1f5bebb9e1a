import NIOCore
import SocketIO

/// One client in one namespace.
///
/// Lives on the event loop of its session and is touched only there (each method asserts it).
package final class Socket {
    private enum State {
        /// The application has not answered CONNECT yet.
        case undecided
        case connected
        case gone
    }

    private struct PendingAcknowledgement {
        let deadline: NIODeadline
        let completion: (AcknowledgementResult) -> Void
    }

    /// Shareable; made anew with each CONNECT, and not the Engine.IO sid.
    package let id: String
    package let namespace: String
    /// What the application kept of the handshake.
    package let visitor: (any Visitor)?
    package let eventLoop: any EventLoop
    /// What the application keeps with the socket.
    package var context: (any AnyObject)?
    /// When the application is to be told, by ``SocketApplication/alarm(_:)``. It costs no timer of its own.
    package var alarm: NIODeadline? {
        didSet { if self.alarm != nil { self.connection?.rearm() } }
    }

    private var state = State.undecided
    private var connection: SocketConnection?
    /// The connection's, at hand for what is emitted most.
    private var engine: EngineConnection?
    /// Events that came before ``accept()`` or while paused, and the order of all behind them.
    private var waiting: [SocketEvent] = []
    private var waitingBytes = 0
    private var isPaused = false
    private var isDelivering = false
    private var lastAcknowledgement: UInt64 = 0
    private var acknowledgements: [UInt64: PendingAcknowledgement] = [:]
    private var writableCallbacks: [() -> Void] = []
    /// By room; the rooms keep it.
    var memberships: [ObjectIdentifier: Membership] = [:]

    init(namespace: String, visitor: (any Visitor)?, connection: SocketConnection, engine: EngineConnection) {
        self.id = String(decoding: SessionID.randomCharacters(20), as: UTF8.self)
        self.namespace = namespace
        self.visitor = visitor
        self.connection = connection
        self.engine = engine
        self.eventLoop = engine.loop.eventLoop
    }

    /// To take to other threads.
    package var reference: SocketReference { SocketReference(self) }
    /// From ``accept()`` until the socket is gone.
    package var isConnected: Bool { self.state == .connected }
    /// Bytes that wait for the client to take them.
    package var queuedBytes: Int { self.connection?.queuedBytes ?? 0 }
    var webSocket: WebSocketHandler? { self.engine?.webSocket }
    var maxHeldBytes: Int { self.connection?.maxHeldBytes ?? 0 }

    // MARK: Connecting

    /// Answers CONNECT with success. Nothing happens if the socket is gone or answered already.
    ///
    /// Events that came meanwhile are handed over after the caller has returned to the loop.
    ///
    /// - Parameter lingers: the answer may wait, for some hundredths of a second, for what is emitted next: in a storm that
    ///   spares each client a system call and a wake-up.
    package func accept(lingers: Bool = false) {
        self.eventLoop.assertInEventLoop()
        guard self.state == .undecided, let connection = self.connection else { return }
        self.state = .connected
        connection.accepted(self, lingers: lingers)
        self.deliverLater()
    }

    /// Answers CONNECT with CONNECT_ERROR, final for stock clients; `data` is JSON text.
    package func refuse(message: String, data: String? = nil) {
        self.eventLoop.assertInEventLoop()
        guard self.state == .undecided, let connection = self.connection else { return }
        self.detach()
        connection.refused(self, message: message, data: data)
        self.context = nil
    }

    /// Keeps events back, up to ``SocketConfiguration/maxEarlyEvents`` and a payload's bytes, until ``resume()``.
    package func pause() {
        self.eventLoop.assertInEventLoop()
        self.isPaused = true
    }

    package func resume() {
        self.eventLoop.assertInEventLoop()
        self.isPaused = false
        self.deliverLater()
    }

    // MARK: Emitting

    package func emit(_ event: EncodedEvent) {
        self.eventLoop.assertInEventLoop()
        guard self.state == .connected else { return }
        self.engine?.send(event)
    }

    /// Encodes and emits to this socket alone. `false`: `array` is not an event's JSON text, nothing was sent.
    @discardableResult
    package func emit(_ array: String, attachments: [ByteBuffer] = [], isVolatile: Bool = false) -> Bool {
        let event = EncodedEvent(array, namespace: self.namespace, attachments: attachments, isVolatile: isVolatile)
        guard let event else { return false }
        self.emit(event)
        return true
    }

    /// Emits and asks for an acknowledgement; `completion` is called once, on this loop. `false`: `array` is not an
    /// event's JSON text; nothing was sent and nothing will be called.
    @discardableResult
    package func emit(
        _ array: String, attachments: [ByteBuffer] = [], timeout: Duration,
        acknowledged completion: @escaping (AcknowledgementResult) -> Void
    ) -> Bool {
        self.eventLoop.assertInEventLoop()
        self.lastAcknowledgement += 1
        let id = self.lastAcknowledgement
        let event = EncodedEvent(
            ByteBuffer(string: array), id: String(id), namespace: self.namespace, attachments: attachments,
            isVolatile: false)
        guard let event else { return false }
        guard self.state == .connected, let connection = self.connection else {
            completion(.disconnected)
            return true
        }
        self.acknowledgements[id] = PendingAcknowledgement(
            deadline: .now() + TimeAmount(timeout), completion: completion)
        self.engine?.send(event)
        connection.rearm()
        return true
    }

    func acknowledge(_ id: String, arguments: String, attachments: [ByteBuffer]) {
        self.eventLoop.assertInEventLoop()
        guard self.state == .connected else { return }
        let packet = SocketPacket(
            .acknowledgement, namespace: self.namespace, id: id, payload: arguments, attachments: attachments)
        self.connection?.send(packet)
    }

    /// Calls `body` on this loop when the client takes more: now if less than 64 KiB wait for it, else once less than
    /// 32 KiB do. Never if the socket goes.
    package func whenWritable(_ body: @escaping () -> Void) {
        self.eventLoop.assertInEventLoop()
        guard self.state == .connected, let connection = self.connection else { return }
        if connection.isWritable, self.writableCallbacks.isEmpty {
            body()
        } else {
            self.writableCallbacks.append(body)
        }
    }

    /// Polling has become a WebSocket.
    func upgraded() {
        for membership in self.memberships.values { membership.room.rerouted(membership) }
    }

    /// Something has left.
    func drained() {
        while !self.writableCallbacks.isEmpty, self.connection?.isWritable == true {
            self.writableCallbacks.removeFirst()()
        }
    }

    // MARK: Leaving

    /// Sends DISCONNECT, `41`: final, stock clients do not come back.
    package func disconnect() {
        self.eventLoop.assertInEventLoop()
        guard self.state != .gone, let connection = self.connection else { return }
        connection.disconnect(self)
    }

    /// Closes the transport under all namespaces of the client, after what is queued; stock clients come back.
    package func close(reason: DisconnectReason = .forcedClose) {
        self.eventLoop.assertInEventLoop()
        self.connection?.close(reason)
    }

    /// Leaves everything; `false` if it is gone already.
    @discardableResult
    private func detach() -> Bool {
        guard self.state != .gone else { return false }
        self.state = .gone
        self.connection = nil
        self.engine = nil
        self.waiting = []
        self.writableCallbacks = []
        for membership in self.memberships.values { membership.room.remove(membership) }
        self.memberships = [:]
        return true
    }

    /// The socket is gone: out of its rooms first, then everybody who waits is told.
    func end(_ reason: DisconnectReason, _ application: any SocketApplication) {
        guard self.detach() else { return }
        let acknowledgements = self.acknowledgements
        self.acknowledgements = [:]
        for (_, pending) in acknowledgements.sorted(by: { $0.key < $1.key }) { pending.completion(.disconnected) }
        application.disconnect(self, reason: reason)
        self.context = nil
    }

    // MARK: Receiving

    /// An event from the client. `false`: too many wait already.
    func receive(_ event: SocketEvent) -> Bool {
        guard self.state == .connected, !self.isPaused, self.waiting.isEmpty, !self.isDelivering else {
            guard let connection = self.connection,
                connection.mayWait(events: self.waiting.count + 1, bytes: self.waitingBytes + event.byteCount)
            else { return false }
            self.waiting.append(event)
            self.waitingBytes += event.byteCount
            return true
        }
        self.connection?.application.receive(event, from: self)
        return true
    }

    /// In a turn of its own, so that the caller has finished what it is about.
    private func deliverLater() {
        guard !self.waiting.isEmpty, !self.isDelivering else { return }
        self.isDelivering = true
        self.eventLoop.assumeIsolated().execute {
            self.isDelivering = false
            while self.state == .connected, !self.isPaused, !self.waiting.isEmpty {
                let event = self.waiting.removeFirst()
                self.waitingBytes -= event.byteCount
                self.connection?.application.receive(event, from: self)
            }
        }
    }

    /// An acknowledgement from the client; one that nobody waits for is ignored.
    func receive(acknowledgement id: String, arguments: ByteBuffer, attachments: [ByteBuffer]) {
        guard let id = UInt64(id), let pending = self.acknowledgements.removeValue(forKey: id) else { return }
        pending.completion(.answered(arguments, attachments: attachments))
    }

    /// When the first acknowledgement is given up, or the alarm has come.
    var deadline: NIODeadline? {
        var first = self.alarm
        for pending in self.acknowledgements.values { first = min(first ?? pending.deadline, pending.deadline) }
        return first
    }

    func deadlineReached(now: NIODeadline) {
        if let alarm = self.alarm, alarm <= now {
            self.alarm = nil
            self.connection?.application.alarm(self)
        }
        for (id, pending) in self.acknowledgements where pending.deadline <= now {
            self.acknowledgements[id] = nil
            pending.completion(.timedOut)
        }
    }
}

@available(*, unavailable)
extension Socket: Sendable {}
