import NIOCore

/// One Socket.IO 5 packet: `<type>[<attachments>-][<namespace>,][<ack id>][<JSON>]`.
package struct SocketPacket: Hashable, Sendable {
    /// The digit on the wire; `binaryEvent` and `binaryAcknowledgement` are on the wire only, see ``attachments``.
    package enum Kind: UInt8, Sendable, CaseIterable {
        case connect = 0x30
        case disconnect, event, acknowledgement, connectError, binaryEvent, binaryAcknowledgement
    }

    /// JavaScript clients take more for a parse error.
    package static let maxAttachments = 10
    /// More digits than any counter has; longer ids are refused rather than kept.
    package static let maxAcknowledgementDigits = 40

    package var kind: Kind
    package var namespace: String
    /// The digits as they came: they are echoed verbatim.
    package var id: String?
    /// JSON text; empty if there is none.
    package var payload: ByteBuffer
    /// What the placeholders in the payload stand for, or how many will follow (``SocketPacketDecoder``).
    package var attachments: [ByteBuffer]

    package init(
        _ kind: Kind, namespace: String = "/", id: String? = nil, payload: ByteBuffer = ByteBuffer(),
        attachments: [ByteBuffer] = []
    ) {
        self.kind = kind
        self.namespace = namespace
        self.id = id
        self.payload = payload
        self.attachments = attachments
    }

    package init(
        _ kind: Kind, namespace: String = "/", id: String? = nil, payload: String, attachments: [ByteBuffer] = []
    ) {
        self.init(kind, namespace: namespace, id: id, payload: ByteBuffer(string: payload), attachments: attachments)
    }

    /// Writes the packet's text; its attachments follow as one binary message each, in order.
    package func encode(into buffer: inout ByteBuffer) {
        buffer.writeInteger(self.wireKind.rawValue)
        if self.wireKind == .binaryEvent || self.wireKind == .binaryAcknowledgement {
            buffer.writeString("\(self.attachments.count)-")
        }
        if self.namespace != "/" {
            buffer.writeString(self.namespace)
            buffer.writeInteger(UInt8(ascii: ","))
        }
        if let id = self.id { buffer.writeString(id) }
        buffer.writeImmutableBuffer(self.payload)
    }

    package var text: String {
        var buffer = ByteBuffer()
        self.encode(into: &buffer)
        return String(buffer: buffer)
    }

    /// Events and acknowledgements with attachments have types of their own.
    private var wireKind: Kind {
        switch self.kind {
        case .event where !self.attachments.isEmpty: .binaryEvent
        case .acknowledgement where !self.attachments.isEmpty: .binaryAcknowledgement
        default: self.kind
        }
    }
}
