import NIOCore
import SocketIO

/// One Engine.IO packet ready for either transport: the WebSocket frame is made once and shared by all who receive it,
/// and what follows its header is the polling form.
struct OutgoingPacket: Sendable {
    let frame: SharedFrame
    private let headerLength: UInt8
    private let isBinary: Bool

    /// `packet` is the text form, digit included.
    init(text packet: ByteBuffer) {
        self.frame = SharedFrame(.text, packet)
        self.headerLength = UInt8(Frame.headerLength(payload: packet.readableBytes))
        self.isBinary = false
    }

    init(binary data: ByteBuffer) {
        self.frame = SharedFrame(.binary, data)
        self.headerLength = UInt8(Frame.headerLength(payload: data.readableBytes))
        self.isBinary = true
    }

    init(_ packet: EnginePacket) {
        if packet.isBinary {
            self.init(binary: packet.data)
        } else {
            var text = ByteBuffer()
            packet.encode(into: &text)
            self.init(text: text)
        }
    }

    /// A Socket.IO packet in its message; its attachments are packets of their own.
    init(_ packet: SocketPacket) {
        var text = ByteBuffer()
        text.reserveCapacity(packet.payload.readableBytes + packet.namespace.utf8.count + 48)
        text.writeInteger(EnginePacket.Kind.message.rawValue)
        packet.encode(into: &text)
        self.init(text: text)
    }

    static let ping = OutgoingPacket(EnginePacket(.ping))
    static let noop = OutgoingPacket(EnginePacket(.noop))
    static let close = OutgoingPacket(EnginePacket(.close))
    static let probe = OutgoingPacket(EnginePacket(.pong, ByteBuffer(string: "probe")))

    private var payload: ByteBuffer {
        var payload = self.frame.bytes
        payload.moveReaderIndex(forwardBy: Int(self.headerLength))
        return payload
    }

    /// What it takes in a polling body.
    var pollingLength: Int {
        let count = self.frame.count - Int(self.headerLength)
        return self.isBinary ? EnginePayload.binaryLength(count) : count
    }

    func append(toPollingBody body: inout ByteBuffer) {
        if self.isBinary {
            EnginePayload.append(binary: self.payload, to: &body)
        } else {
            EnginePayload.append(text: self.payload, to: &body)
        }
    }
}
