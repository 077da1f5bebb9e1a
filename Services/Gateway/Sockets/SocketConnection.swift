import Logging
import NIOCore
import SocketIO
import Synchronization

/// Socket.IO over one session: its namespaces, and which packets are allowed when (SOCKETIO.md §11–§13).
final class SocketConnection: EngineApplicationSession {
    let application: any SocketApplication
    private let visitor: (any Visitor)?
    private let context: ServerContext
    /// `nil` once the session has ended.
    private var engine: EngineConnection?
    private var decoder: SocketPacketDecoder
    /// Undecided and connected; one, with most clients.
    private var sockets: [Socket] = []
    /// Namespaces this session was in: packets for them may race with a disconnect of ours.
    private var left: Set<String> = []
    /// When a first namespace must have been joined; `nil` once it was.
    private var connectBy: NIODeadline?
    /// When the attachments of a packet must have come.
    private var attachmentsBy: NIODeadline?

    /// `now`: the time of the handshake.
    init(_ application: any SocketApplication, engine: EngineConnection, visitor: (any Visitor)?, now: NIODeadline) {
        self.application = application
        self.engine = engine
        self.visitor = visitor
        self.context = engine.loop.context
        self.decoder = SocketPacketDecoder(maxAttachmentBytes: self.context.configuration.maxPayloadBytes * 10)
        self.connectBy = now + self.context.connectTimeout
        self.context.admission.underWay.add(1, ordering: .relaxed)
    }

    private var isUnderWay: Bool { self.connectBy != nil }

    private func joined() {
        guard self.connectBy != nil else { return }
        self.connectBy = nil
        self.context.admission.underWay.subtract(1, ordering: .relaxed)
    }

    // MARK: For sockets

    var queuedBytes: Int { self.engine?.queuedBytes ?? 0 }
    var isWritable: Bool { self.engine?.isWritable ?? false }
    var maxHeldBytes: Int { self.context.configuration.maxHeldBytes }

    /// Whether so many events of so many bytes may wait for a socket to take them.
    func mayWait(events: Int, bytes: Int) -> Bool {
        events <= self.context.configuration.maxEarlyEvents && bytes <= self.context.configuration.maxPayloadBytes
    }

    func send(_ packet: SocketPacket) {
        guard !packet.attachments.isEmpty else { return self.engine?.send(OutgoingPacket(packet)) ?? () }
        self.engine?.send([OutgoingPacket(packet)] + packet.attachments.map { OutgoingPacket(binary: $0) })
    }

    func rearm() { self.engine?.rearm() }

    func accepted(_ socket: Socket, lingers: Bool) {
        self.joined()
        let packet = SocketPacket(.connect, namespace: socket.namespace, payload: #"{"sid":"\#(socket.id)"}"#)
        self.engine?.send(OutgoingPacket(packet), lingers: lingers)
    }

    func refused(_ socket: Socket, message: String, data: String?) {
        self.forget(socket)
        let tail = data.map { #","data":\#($0)"# } ?? ""
        let payload = #"{"message":\#(JSONText.quoted(message))\#(tail)}"#
        self.send(SocketPacket(.connectError, namespace: socket.namespace, payload: payload))
    }

    func disconnect(_ socket: Socket) {
        self.forget(socket)
        self.send(SocketPacket(.disconnect, namespace: socket.namespace))
        socket.end(.serverNamespaceDisconnect, self.application)
    }

    func close(_ reason: DisconnectReason) {
        if reason == .slow, let farewell = self.slowFarewell { self.engine?.send(farewell) }
        self.engine?.close(reason)
    }

    /// Only who has joined hears events.
    var slowFarewell: OutgoingPacket? {
        guard let event = self.application.slowFarewell,
            self.sockets.contains(where: { $0.isConnected && $0.namespace == event.namespace })
        else { return nil }
        return event.first
    }

    private func forget(_ socket: Socket) {
        self.sockets.removeAll { $0 === socket }
        self.left.insert(socket.namespace)
    }

    // MARK: From the engine

    func receive(_ message: EnginePacket) {
        do throws(PacketError) {
            let received =
                message.isBinary
                ? try self.decoder.receive(binary: message.data) : try self.decoder.receive(text: message.data)
            if let received {
                self.attachmentsBy = nil
                self.receive(received)
            } else if self.attachmentsBy == nil {
                try self.awaitAttachments()
            }
        } catch {
            self.context.logger.debug("closing a session", metadata: ["error": "\(error)"])
            self.engine?.fail()
        }
    }

    /// A packet waits for its attachments: not for ever, and not for a namespace that nobody has joined.
    private func awaitAttachments() throws(PacketError) {
        guard let namespace = self.decoder.awaitingNamespace,
            self.left.contains(namespace) || self.sockets.contains(where: { $0.namespace == namespace })
        else { throw .unknownNamespace }
        self.attachmentsBy = .now() + self.context.attachmentTimeout
        self.rearm()
    }

    private func receive(_ received: SocketPacketDecoder.Received) {
        let packet = received.packet
        let socket = self.sockets.first { $0.namespace == packet.namespace }
        guard packet.kind != .connect else { return self.connect(packet, to: socket) }
        guard let socket else {
            // A packet that crossed our disconnect is late; any other one is wrong.
            return self.left.contains(packet.namespace) ? () : self.engine?.fail() ?? ()
        }
        switch packet.kind {
        case .event:
            guard let event = received.event else { return }
            let acknowledgement = packet.id.map { Acknowledgement(id: $0, socket: socket.reference) }
            let isTaken = socket.receive(
                SocketEvent(
                    name: event.name, arguments: event.arguments, attachments: packet.attachments,
                    acknowledgement: acknowledgement))
            if !isTaken { self.engine?.fail() }
        case .acknowledgement:
            socket.receive(
                acknowledgement: packet.id ?? "", arguments: packet.payload, attachments: packet.attachments)
        case .disconnect:
            self.forget(socket)
            socket.end(.clientNamespaceDisconnect, self.application)
        case .connect, .connectError, .binaryEvent, .binaryAcknowledgement:
            self.engine?.fail()
        }
    }

    private func connect(_ packet: SocketPacket, to existing: Socket?) {
        guard let engine = self.engine else { return }
        guard existing == nil else { return engine.fail() }
        guard self.application.namespaces.contains(packet.namespace) else {
            let payload = #"{"message":"Invalid namespace"}"#
            return self.send(SocketPacket(.connectError, namespace: packet.namespace, payload: payload))
        }
        let auth = packet.payload.readableBytes > 0 ? packet.payload : ByteBuffer(string: "{}")
        let socket = Socket(namespace: packet.namespace, visitor: self.visitor, connection: self, engine: engine)
        self.sockets.append(socket)
        self.application.connect(socket, auth: auth)
    }

    func ended(_ reason: DisconnectReason) {
        self.joined()
        self.engine = nil
        let sockets = self.sockets
        self.sockets = []
        for socket in sockets { socket.end(reason, self.application) }
    }

    func upgraded() {
        for socket in self.sockets { socket.upgraded() }
    }

    func drained() {
        for socket in self.sockets { socket.drained() }
    }

    // MARK: Time

    var deadline: NIODeadline? {
        var first = self.connectBy
        if let attachmentsBy = self.attachmentsBy { first = min(first ?? attachmentsBy, attachmentsBy) }
        for socket in self.sockets {
            if let deadline = socket.deadline { first = min(first ?? deadline, deadline) }
        }
        return first
    }

    func deadlineReached(now: NIODeadline) {
        if let attachmentsBy = self.attachmentsBy, attachmentsBy <= now {
            self.engine?.fail()
        } else if let connectBy = self.connectBy, connectBy <= now {
            self.engine?.close(.connectTimeout)
        } else {
            for socket in self.sockets { socket.deadlineReached(now: now) }
        }
    }
}
