import NIOCore

/// One Engine.IO 4 packet.
package struct EnginePacket: Hashable, Sendable {
    /// The digit a packet's text begins with.
    package enum Kind: UInt8, Sendable, CaseIterable {
        case open = 0x30
        case close, ping, pong, message, upgrade, noop
    }

    package var kind: Kind
    /// UTF-8 text after the digit; of a binary message the raw bytes.
    package var data: ByteBuffer
    /// Only messages can be binary.
    package var isBinary: Bool

    package init(_ kind: Kind, _ data: ByteBuffer = ByteBuffer()) {
        self.kind = kind
        self.data = data
        self.isBinary = false
    }

    package init(binary data: ByteBuffer) {
        self.kind = .message
        self.data = data
        self.isBinary = true
    }

    /// Reads the text form: one digit and data, which must be UTF-8 (a WebSocket checks that of each message,
    /// ``EnginePayloadReader`` of each element).
    package init(text: ByteBuffer) throws(PacketError) {
        var data = text
        guard let first = data.readInteger(as: UInt8.self) else { throw .empty }
        guard let kind = Kind(rawValue: first) else { throw .unknownType }
        self.init(kind, data)
    }

    /// Writes the text form, or the bare bytes of a binary message as a WebSocket frame carries them.
    package func encode(into buffer: inout ByteBuffer) {
        if !self.isBinary { buffer.writeInteger(self.kind.rawValue) }
        buffer.writeImmutableBuffer(self.data)
    }
}
