import NIOCore

/// What a server writes on a WebSocket (RFC 6455 §5): whole, unmasked frames.
enum Frame {
    enum Opcode: UInt8 {
        case continuation = 0
        case text = 1
        case binary = 2
        case close = 8
        case ping = 9
        case pong = 10
    }

    /// Control frames carry no more.
    static let maxControlBytes = 125

    static func headerLength(payload count: Int) -> Int { count < 126 ? 2 : count <= 0xFFFF ? 4 : 10 }

    static func writeHeader(_ opcode: Opcode, payload count: Int, to buffer: inout ByteBuffer) {
        buffer.writeInteger(0x80 | opcode.rawValue)
        if count < 126 {
            buffer.writeInteger(UInt8(count))
        } else if count <= 0xFFFF {
            buffer.writeMultipleIntegers(126 as UInt8, UInt16(count))
        } else {
            buffer.writeMultipleIntegers(127 as UInt8, UInt64(count))
        }
    }

    static func encode(_ opcode: Opcode, _ payload: ByteBuffer) -> ByteBuffer {
        let count = payload.readableBytes
        var buffer = ByteBuffer()
        buffer.reserveCapacity(Self.headerLength(payload: count) + count)
        Self.writeHeader(opcode, payload: count, to: &buffer)
        buffer.writeImmutableBuffer(payload)
        return buffer
    }

    static func close(_ code: CloseCode?) -> ByteBuffer {
        Self.encode(.close, code.map { ByteBuffer(integer: $0.rawValue) } ?? ByteBuffer())
    }
}

/// A whole frame, made once for all who receive it: known by its identity, so that it is seen without a look at its bytes
/// that several connections send the same.
final class SharedFrame: Sendable {
    let bytes: ByteBuffer
    let count: Int

    convenience init(_ opcode: Frame.Opcode, _ payload: ByteBuffer) {
        self.init(bytes: Frame.encode(opcode, payload))
    }

    /// Bytes as they leave.
    init(bytes: ByteBuffer) {
        self.bytes = bytes
        self.count = bytes.readableBytes
    }
}
