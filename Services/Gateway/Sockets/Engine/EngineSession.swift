import NIOCore
import SocketIO

/// A polling request of a session, while it is unanswered.
typealias RequestID = UInt64

/// The rules of one Engine.IO session (SOCKETIO.md §5, §7–§9): what happened goes in, what is to be done comes out. No
/// I/O and no clock; ``EngineConnection`` carries it out.
///
/// Every method that takes the time first lets what is overdue happen: a heartbeat's deadline holds to the nanosecond,
/// however late timers are.
struct EngineSession {
    enum Transport {
        case polling
        case webSocket
    }

    enum Action {
        /// Answer a GET with this payload.
        case answer(RequestID, ByteBuffer)
        /// Answer a POST with `ok`.
        case accept(RequestID)
        case refuse(RequestID, EngineRefusal)
        /// Answer 400 with no body.
        case reject(RequestID)
        /// Write on the WebSocket that is the transport.
        case write(OutgoingPacket)
        case writeProbe
        case promoteProbe
        case closeProbe
        case closeWebSocket(CloseCode?)
        /// Ask again, by ``EngineSession/releasePolls(now:)``, at that time.
        case releaseLater(NIODeadline)
        /// Tell the application; comes once.
        case ended(DisconnectReason)
        /// Nothing will come of this session any more.
        case remove
    }

    /// What becomes of a packet from the client.
    enum Receipt {
        case deliver
        case ignore
        case end(DisconnectReason)
    }

    enum Attachment {
        /// 101, and the WebSocket may probe.
        case probe
        /// 101 and at once a Close frame: there is a WebSocket already, which is not to be disturbed.
        case surplus
        case refuse(EngineRefusal)
    }

    private enum Phase {
        case open
        /// Closed by the server; the farewell waits for a GET.
        case farewell(until: NIODeadline)
        /// Closed by the client; one GET that raced with the close is still answered `6`.
        case tombstone(until: NIODeadline)
        case gone
    }

    private struct HeldPoll {
        let request: RequestID
        /// Came while a WebSocket was attached: not released before this time, for `5` may be on its way.
        let releaseAt: NIODeadline?
    }

    private struct Probe {
        let deadline: NIODeadline
        var isAnswered = false
    }

    private let limits: EngineLimits
    private(set) var transport: Transport
    private var phase = Phase.open
    /// What waits for a GET; empty on a WebSocket.
    private var queue: [OutgoingPacket] = []
    private(set) var queuedBytes = 0
    private var held: HeldPoll?
    private var receiving: RequestID?
    private var probe: Probe?
    /// When the next ping is due.
    private var pingAt: NIODeadline
    /// A ping is unanswered: until when.
    private var pongBy: NIODeadline?

    init(transport: Transport, limits: EngineLimits, now: NIODeadline) {
        self.transport = transport
        self.limits = limits
        self.pingAt = now + limits.pingInterval
    }

    var isOpen: Bool { if case .open = self.phase { true } else { false } }
    /// Whether a message sent now leaves at once, as far as the rules know.
    var canWriteNow: Bool { self.transport == .webSocket || self.held != nil }

    /// When ``advance(to:)`` has something to do next; `nil`: never.
    var deadline: NIODeadline? {
        switch self.phase {
        case .open:
            let heartbeat = self.pongBy ?? self.pingAt
            return self.probe.map { min($0.deadline, heartbeat) } ?? heartbeat
        case .farewell(let until), .tombstone(let until): return until
        case .gone: return nil
        }
    }

    /// Lets happen what is due: pings, their deadlines, the end of an upgrade that takes too long.
    mutating func advance(to now: NIODeadline) -> [Action] {
        switch self.phase {
        case .open: break
        case .farewell(let until), .tombstone(let until):
            guard now >= until else { return [] }
            self.phase = .gone
            return [.remove]
        case .gone: return []
        }
        var actions: [Action] = []
        if self.pongBy == nil, now >= self.pingAt {
            // The scheduled time counts, so that the deadline is exact; unless the whole process stood still, for
            // which its clients are not to pay.
            let sent = now - self.pingAt > EngineLimits.stall ? now : self.pingAt
            self.pongBy = sent + self.limits.pingTimeout
            switch self.transport {
            case .webSocket: actions.append(.write(.ping))
            case .polling:
                self.enqueue(.ping)
                actions += self.flush()
            }
        }
        if let pongBy = self.pongBy, now >= pongBy {
            return actions + self.end(.pingTimeout)
        }
        if let probe = self.probe, now >= probe.deadline {
            self.probe = nil
            actions.append(.closeProbe)
        }
        return actions
    }

    // MARK: Polling

    /// A GET.
    mutating func poll(_ request: RequestID, now: NIODeadline) -> [Action] {
        var actions = self.advance(to: now)
        switch self.phase {
        case .gone:
            actions.append(.refuse(request, .unknownSession))
        case .tombstone:
            self.phase = .gone
            actions += [.answer(request, Self.payload(.noop)), .remove]
        case .farewell:
            self.held = HeldPoll(request: request, releaseAt: nil)
            actions += self.flush()
        case .open where self.transport == .webSocket:
            actions.append(.refuse(request, .badRequest))
        case .open where self.held != nil:
            actions += self.end(.transportError)
            actions.append(.reject(request))
        case .open:
            let releaseAt = self.probe == nil ? nil : now + EngineLimits.releaseGrace
            self.held = HeldPoll(request: request, releaseAt: releaseAt)
            actions += self.flush()
            if self.held != nil, let releaseAt { actions.append(.releaseLater(releaseAt)) }
        }
        return actions
    }

    /// The head of a POST: its body is still to come.
    mutating func beginPost(_ request: RequestID, now: NIODeadline) -> [Action] {
        var actions = self.advance(to: now)
        if let refusal = self.refusal() {
            actions.append(.refuse(request, refusal))
        } else if self.receiving != nil {
            actions.append(.reject(request))
            actions += self.end(.transportError)
        } else {
            self.receiving = request
        }
        return actions
    }

    /// Whether the packets of this POST's body are to be received now.
    func isReceiving(_ request: RequestID) -> Bool { self.receiving == request }

    /// All packets of the POST have been received, or one was bad.
    mutating func endPost(_ request: RequestID, isBad: Bool) -> [Action] {
        guard self.receiving == request else { return [] }
        self.receiving = nil
        return [isBad ? .refuse(request, .badRequest) : .accept(request)]
    }

    /// A request that is neither GET nor POST.
    mutating func refuseMethod(_ request: RequestID, now: NIODeadline) -> [Action] {
        self.advance(to: now) + [.refuse(request, self.refusal() ?? .badRequest)]
    }

    /// The TCP connection of an unanswered request is gone.
    mutating func abort(_ request: RequestID) -> [Action] {
        if self.held?.request == request {
            self.held = nil
        } else if self.receiving == request {
            self.receiving = nil
        } else {
            return []
        }
        return self.isOpen ? self.end(.transportError) : []
    }

    private func refusal() -> EngineRefusal? {
        guard self.isOpen else { return .unknownSession }
        return self.transport == .polling ? nil : .badRequest
    }

    // MARK: Sending

    /// Queues packets for the next GET. `false`: they do not fit, the client is too slow.
    mutating func enqueue(_ packets: [OutgoingPacket]) -> Bool {
        let bytes = packets.reduce(0) { $0 + $1.pollingLength }
        guard self.queue.count + packets.count <= self.limits.maxQueuedPackets,
            self.queuedBytes + bytes <= self.limits.maxQueuedBytes
        else { return false }
        for packet in packets { self.enqueue(packet) }
        return true
    }

    private mutating func enqueue(_ packet: OutgoingPacket) {
        self.queue.append(packet)
        self.queuedBytes += packet.pollingLength
    }

    /// Answers a held GET with what is queued.
    mutating func flush() -> [Action] {
        guard let held = self.held, !self.queue.isEmpty else { return [] }
        self.held = nil
        var actions: [Action] = [.answer(held.request, self.takePayload())]
        if case .farewell = self.phase, self.queue.isEmpty {
            self.phase = .gone
            actions.append(.remove)
        }
        return actions
    }

    /// As much of the queue as one body may hold.
    private mutating func takePayload() -> ByteBuffer {
        var body = ByteBuffer()
        var count = 0
        for packet in self.queue.prefix(self.limits.maxPollingPackets) {
            let length = packet.pollingLength
            guard count == 0 || body.readableBytes + 1 + length <= self.limits.maxPayloadBytes else { break }
            packet.append(toPollingBody: &body)
            self.queuedBytes -= length
            count += 1
        }
        self.queue.removeFirst(count)
        return body
    }

    private static func payload(_ packet: OutgoingPacket) -> ByteBuffer {
        var body = ByteBuffer()
        packet.append(toPollingBody: &body)
        return body
    }

    // MARK: Receiving

    /// A packet on the current transport.
    mutating func receive(_ packet: EnginePacket, now: NIODeadline) -> Receipt {
        switch packet.kind {
        case .message: return .deliver
        case .pong:
            if self.pongBy != nil {
                self.pongBy = nil
                self.pingAt = now + self.limits.pingInterval
            }
            return .ignore
        case .close: return .end(.transportClose)
        // Only servers send it in version 4.
        case .ping: return .end(.parseError)
        case .open, .upgrade, .noop: return .ignore
        }
    }

    // MARK: Upgrade

    /// A WebSocket comes for this session; before its 101.
    mutating func attach(now: NIODeadline) -> ([Action], Attachment) {
        let actions = self.advance(to: now)
        guard self.isOpen else { return (actions, .refuse(.unknownSession)) }
        guard self.transport == .polling, self.probe == nil else { return (actions, .surplus) }
        self.probe = Probe(deadline: now + self.limits.upgradeTimeout)
        return (actions, .probe)
    }

    /// A packet on the WebSocket that probes.
    mutating func receiveProbe(_ packet: EnginePacket, now: NIODeadline) -> [Action] {
        var actions = self.advance(to: now)
        guard self.isOpen, var probe = self.probe else { return actions }
        switch packet.kind {
        case .ping where packet.data == ByteBuffer(string: "probe"):
            probe.isAnswered = true
            self.probe = probe
            actions.append(.writeProbe)
            actions += self.releasePolls(now: now)
        case .upgrade:
            actions += self.switchToWebSocket(now: now)
        default:
            self.probe = nil
            actions.append(.closeProbe)
        }
        return actions
    }

    /// The probing WebSocket is gone: polling goes on.
    mutating func detachProbe() { self.probe = nil }

    /// Once the probe is answered GETs are not held: the client waits for its last one before it sends `5`.
    mutating func releasePolls(now: NIODeadline) -> [Action] {
        guard self.isOpen, self.probe?.isAnswered == true, let held = self.held, now >= held.releaseAt ?? now else {
            return []
        }
        self.held = nil
        return [.answer(held.request, Self.payload(.noop))]
    }

    private mutating func switchToWebSocket(now: NIODeadline) -> [Action] {
        var actions: [Action] = []
        if let held = self.held {
            // One that came after the WebSocket is late: it belongs to a session that polls no more.
            actions.append(
                held.releaseAt == nil
                    ? .answer(held.request, Self.payload(.noop)) : .refuse(held.request, .badRequest))
            self.held = nil
        }
        self.probe = nil
        self.transport = .webSocket
        actions.append(.promoteProbe)
        actions += self.queue.map { .write($0) }
        self.queue = []
        self.queuedBytes = 0
        // A ping lost on the old transport is not to end the session.
        self.pongBy = nil
        self.pingAt = now + self.limits.pingInterval
        return actions
    }

    // MARK: The end

    /// The client said `1`.
    mutating func closedByClient(now: NIODeadline) -> [Action] {
        guard self.isOpen, self.transport == .polling else { return self.end(.transportClose) }
        guard let held = self.held else {
            let actions = self.end(.transportClose).filter { if case .remove = $0 { false } else { true } }
            self.phase = .tombstone(until: now + EngineLimits.tombstone)
            return actions
        }
        self.held = nil
        return [.answer(held.request, Self.payload(.noop))] + self.end(.transportClose)
    }

    /// The server closes in good order: what is queued leaves first.
    mutating func close(_ reason: DisconnectReason, code: CloseCode?, now: NIODeadline) -> [Action] {
        guard self.isOpen else { return [] }
        guard self.transport == .polling else { return self.end(reason, code: code) }
        self.enqueue(.close)
        self.phase = .farewell(until: now + self.limits.farewellTimeout)
        var actions: [Action] = [.ended(reason)]
        if self.probe != nil {
            self.probe = nil
            actions.append(.closeProbe)
        }
        return actions + self.flush()
    }

    /// The end at once.
    mutating func end(_ reason: DisconnectReason, code: CloseCode? = nil) -> [Action] {
        guard self.isOpen else { return [] }
        self.phase = .gone
        var actions: [Action] = []
        if let held = self.held { actions.append(.answer(held.request, Self.payload(.close))) }
        if self.probe != nil { actions.append(.closeProbe) }
        if self.transport == .webSocket { actions.append(.closeWebSocket(code)) }
        self.held = nil
        self.probe = nil
        self.queue = []
        self.queuedBytes = 0
        return actions + [.ended(reason), .remove]
    }
}
