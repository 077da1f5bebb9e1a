import NIOCore

/// Engine.IO messages in, Socket.IO packets out; keeps a binary packet until all its attachments are there.
///
/// After an error the session is to be closed; the decoder is not to be used again.
package struct SocketPacketDecoder: Sendable {
    /// A packet that has come whole.
    package struct Received: Hashable, Sendable {
        package var packet: SocketPacket
        /// The parts of an event.
        package var event: EventArray?
    }

    /// What all attachments of one packet may be together.
    private let maxAttachmentBytes: Int
    private var pending: (received: Received, due: Int, bytes: Int)?

    package init(maxAttachmentBytes: Int) { self.maxAttachmentBytes = maxAttachmentBytes }

    /// The namespace of the packet whose attachments must come next.
    package var awaitingNamespace: String? { self.pending?.received.packet.namespace }

    /// A text message, which must be UTF-8. `nil`: attachments are to follow first.
    package mutating func receive(text: ByteBuffer) throws(PacketError) -> Received? {
        guard self.pending == nil else { throw .unexpectedText }
        var header = try SocketPacketHeader(text)
        let received = try header.read()
        guard header.attachments > 0 else { return received }
        self.pending = (received, header.attachments, 0)
        return nil
    }

    /// A binary message. `nil`: more are to follow.
    package mutating func receive(binary: ByteBuffer) throws(PacketError) -> Received? {
        guard var pending = self.pending else { throw .unexpectedBinary }
        pending.bytes += binary.readableBytes
        guard pending.bytes <= self.maxAttachmentBytes else { throw .tooLarge }
        pending.received.packet.attachments.append(binary)
        guard pending.received.packet.attachments.count == pending.due else {
            self.pending = pending
            return nil
        }
        self.pending = nil
        return pending.received
    }
}

/// Reads a packet's text from its type digit to its JSON.
private struct SocketPacketHeader {
    private var rest: ByteBuffer
    private let kind: SocketPacket.Kind
    private(set) var attachments = 0
    private var isBinary: Bool { self.kind == .binaryEvent || self.kind == .binaryAcknowledgement }

    init(_ text: ByteBuffer) throws(PacketError) {
        self.rest = text
        guard let first = self.rest.readInteger(as: UInt8.self) else { throw .empty }
        guard let kind = SocketPacket.Kind(rawValue: first) else { throw .unknownType }
        self.kind = kind
    }

    mutating func read() throws(PacketError) -> SocketPacketDecoder.Received {
        if self.isBinary { self.attachments = try self.readAttachmentCount() }
        let namespace = self.readNamespace()
        let id = try self.readAcknowledgementID()
        var received = SocketPacketDecoder.Received(
            packet: SocketPacket(self.kind, namespace: namespace, id: id, payload: self.rest))
        let count = self.isBinary ? self.attachments : nil
        switch self.kind {
        case .connect:
            if self.rest.readableBytes > 0 { try JSONScanner.check(self.rest, first: UInt8(ascii: "{")) }
        case .disconnect:
            guard self.rest.readableBytes == 0 else { throw .wrongShape }
        case .event, .binaryEvent:
            received.packet.kind = .event
            received.event = try EventArray(self.rest, attachments: count)
        case .acknowledgement, .binaryAcknowledgement:
            guard id != nil else { throw .invalidAcknowledgementID }
            received.packet.kind = .acknowledgement
            try JSONScanner.check(self.rest, first: UInt8(ascii: "["), attachments: count)
        case .connectError:
            // Only servers send it.
            throw .unknownType
        }
        return received
    }

    /// `10-` and no more.
    private mutating func readAttachmentCount() throws(PacketError) -> Int {
        let digits = self.readDigits(atMost: 3)
        guard !digits.isEmpty, self.rest.readInteger(as: UInt8.self) == UInt8(ascii: "-"),
            let count = Int(digits), count <= SocketPacket.maxAttachments
        else { throw .invalidAttachmentCount }
        return count
    }

    /// From `/` to the first comma or the end; `/` itself if there is none.
    private mutating func readNamespace() -> String {
        let view = self.rest.readableBytesView
        guard view.first == UInt8(ascii: "/") else { return "/" }
        let length = view.firstIndex(of: UInt8(ascii: ",")).map { $0 - view.startIndex } ?? view.count
        let namespace = self.rest.readString(length: length) ?? "/"
        if self.rest.readableBytes > 0 { self.rest.moveReaderIndex(forwardBy: 1) }
        return namespace
    }

    private mutating func readAcknowledgementID() throws(PacketError) -> String? {
        let digits = self.readDigits(atMost: SocketPacket.maxAcknowledgementDigits)
        guard !digits.isEmpty else { return nil }
        if let next = self.rest.readableBytesView.first, (0x30...0x39).contains(next) {
            throw .invalidAcknowledgementID
        }
        return digits
    }

    private mutating func readDigits(atMost limit: Int) -> String {
        let count = self.rest.readableBytesView.prefix(limit).prefix { (0x30...0x39).contains($0) }.count
        return self.rest.readString(length: count) ?? ""
    }
}
