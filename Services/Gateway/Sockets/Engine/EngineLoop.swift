import CoreMetrics
import NIOCore
import Synchronization

/// What one event loop owns: its sessions, the timers they share, and who has something to flush this turn.
///
/// Used on its loop only; other loops hold it as a ``LoopBox``.
final class EngineLoop {
    typealias LoopBox = NIOLoopBoundBox<EngineLoop>

    let eventLoop: any EventLoop
    let index: Int
    let context: ServerContext
    let wheel: DeadlineWheel
    private(set) var sessions: [String: EngineConnection] = [:]
    /// How long what lingers waits for what follows it.
    private static let lingering = TimeAmount.milliseconds(20)
    private var unflushed: [WebSocketHandler] = []
    private var lingering: [WebSocketHandler] = []
    private var unanswered: [EngineConnection] = []
    private var isFlushing = false
    /// Messages sent since the last flush: counted together, for the counter is every loop's.
    var sent = 0
    /// What waits for slow connections of this loop.
    var queuedBytes = 0
    private let maxQueuedBytes: Int
    /// For connections to read into.
    let receiveBuffer: NIOLoopBoundBox<ReceiveBuffer>
    /// For connections to share what they send in this turn.
    var latestRun: FrameRun?
    private var connections: [ObjectIdentifier: any Channel] = [:]
    private var lastRequest: UInt64

    /// `loops`: how many there are; each has its share of the memory.
    init(eventLoop: any EventLoop, index: Int, of loops: Int, context: ServerContext) {
        self.eventLoop = eventLoop
        self.index = index
        self.context = context
        // Fine enough for the shortest interval, and not finer than thousands of sessions are worth.
        let shortest = min(context.limits.pingInterval, context.limits.pingTimeout).nanoseconds
        let tick = TimeAmount.nanoseconds(min(max(shortest / 20, 5_000_000), 100_000_000))
        self.wheel = DeadlineWheel(eventLoop: eventLoop, tick: tick)
        self.receiveBuffer = NIOLoopBoundBox.makeBoxSendingValue(ReceiveBuffer(), eventLoop: eventLoop)
        self.lastRequest = UInt64(index) << 48
        self.maxQueuedBytes = context.configuration.maxMemoryBytes / max(1, loops)
    }

    /// An id for a request accepted here, that no other loop gives.
    func nextRequestID() -> RequestID {
        self.lastRequest += 1
        return self.lastRequest
    }

    // MARK: Sessions

    /// Makes a session whose home is this loop.
    func open(
        _ mount: SocketMount, visitor: (any Visitor)?, transport: EngineSession.Transport, now: NIODeadline
    ) -> EngineConnection {
        self.eventLoop.assertInEventLoop()
        let sid = SessionID.random(node: self.context.configuration.nodeTag, loop: self.index)
        let connection = EngineConnection(sid: sid.text, loop: self, transport: transport, now: now)
        self.sessions[sid.text] = connection
        let count = self.context.admission.sessions.add(1, ordering: .relaxed).newValue
        self.context.metrics.sessions.record(count)
        self.context.metrics.handshakes.increment()
        connection.start(mount, visitor: visitor, now: now)
        return connection
    }

    func remove(_ connection: EngineConnection) {
        guard self.sessions.removeValue(forKey: connection.sid) != nil else { return }
        let count = self.context.admission.sessions.subtract(1, ordering: .relaxed).newValue
        self.context.metrics.sessions.record(count)
    }

    // MARK: Flushing

    /// Flushes `webSocket` after all that this turn of the loop still brings.
    func flushLater(_ webSocket: WebSocketHandler) {
        self.unflushed.append(webSocket)
        self.flushLater()
    }

    /// Flushes `webSocket` in a moment, unless something makes it flush before.
    func flushSoon(_ webSocket: WebSocketHandler) {
        self.lingering.append(webSocket)
        guard self.lingering.count == 1 else { return }
        self.eventLoop.assumeIsolated().scheduleTask(in: Self.lingering) {
            let webSockets = self.lingering
            self.lingering = []
            for webSocket in webSockets { webSocket.flush() }
        }
    }

    /// Answers the poll of `connection` after all that this turn of the loop still brings.
    func flushLater(_ connection: EngineConnection) {
        self.unanswered.append(connection)
        self.flushLater()
    }

    private func flushLater() {
        guard !self.isFlushing else { return }
        self.isFlushing = true
        self.eventLoop.assumeIsolated().execute { self.flush() }
    }

    private func flush() {
        self.isFlushing = false
        let (webSockets, connections) = (self.unflushed, self.unanswered)
        self.unflushed = []
        self.unanswered = []
        self.unflushed.reserveCapacity(min(webSockets.count, 1024))
        for webSocket in webSockets { webSocket.flush() }
        for connection in connections { connection.flush() }
        self.context.metrics.messagesOut.increment(by: self.sent)
        self.sent = 0
        self.latestRun = nil
        if self.queuedBytes > self.maxQueuedBytes { self.relieve() }
    }

    /// Too much waits in all: the slowest are cut off, with the largest queues first. Not with a Close frame, which would
    /// wait behind the rest.
    private func relieve() {
        // Asking measures anew: something may have left unnoticed.
        let waiting = self.sessions.values.map { (session: $0, bytes: $0.queuedBytes) }.filter { $0.bytes > 0 }
        for (session, _) in waiting.sorted(by: { $0.bytes > $1.bytes }) {
            guard self.queuedBytes > self.maxQueuedBytes else { return }
            session.cut()
        }
    }

    // MARK: TCP connections

    func opened(_ channel: any Channel) {
        self.connections[ObjectIdentifier(channel)] = channel
        self.context.admission.connections.add(1, ordering: .relaxed)
    }

    func closed(_ channel: any Channel) {
        guard self.connections.removeValue(forKey: ObjectIdentifier(channel)) != nil else { return }
        self.context.admission.connections.subtract(1, ordering: .relaxed)
    }

    func closeAllConnections() {
        for channel in self.connections.values { channel.close(promise: nil) }
    }
}

@available(*, unavailable)
extension EngineLoop: Sendable {}
