import NIOCore

/// Takes apart what a server writes on a WebSocket (RFC 6455 §5): unmasked frames. Hands each payload on where it lies,
/// without copying; keeps only what is not whole yet.
struct ServerFrames {
    enum Opcode: UInt8 {
        case text = 1
        case binary = 2
        case close = 8
        case ping = 9
        case pong = 10
    }

    /// A Gateway's largest event is far below.
    private static let maxPayload: UInt64 = 4 << 20

    private var unread: ByteBuffer?

    /// - Returns: `false` where the bytes are no frames a Gateway writes (masked, fragmented, too long).
    mutating func read(_ bytes: ByteBuffer, _ body: (Opcode, UnsafeRawBufferPointer) -> Void) -> Bool {
        var buffer = bytes
        if var unread = self.unread {
            unread.writeImmutableBuffer(bytes)
            buffer = unread
            self.unread = nil
        }
        var isSound = true
        let used = buffer.withUnsafeReadableBytes { all in
            var start = 0
            while let frame = Self.frame(UnsafeRawBufferPointer(rebasing: all[start...])) {
                guard let opcode = frame.opcode else {
                    isSound = false
                    break
                }
                guard all.count - start >= frame.header + frame.payload else { break }
                let payload = start + frame.header
                body(opcode, UnsafeRawBufferPointer(rebasing: all[payload..<payload + frame.payload]))
                start = payload + frame.payload
            }
            return start
        }
        buffer.moveReaderIndex(forwardBy: used)
        if buffer.readableBytes > 0 {
            // A copy of its own: a slice would keep the whole read in memory.
            self.unread = ByteBuffer(bytes: buffer.readableBytesView)
        }
        return isSound
    }

    /// `nil`: the header is not whole; an opcode of `nil`: not to be read.
    private static func frame(
        _ bytes: UnsafeRawBufferPointer
    ) -> (opcode: Opcode?, header: Int, payload: Int)? {
        guard bytes.count >= 2 else { return nil }
        guard bytes[0] & 0xF0 == 0x80, let opcode = Opcode(rawValue: bytes[0] & 0x0F), bytes[1] & 0x80 == 0 else {
            return (nil, 0, 0)
        }
        let short = Int(bytes[1])
        guard short >= 126 else { return (opcode, 2, short) }
        let header = short == 126 ? 4 : 10
        guard bytes.count >= header else { return nil }
        let length = bytes[2..<header].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return length <= Self.maxPayload ? (opcode, header, Int(length)) : (nil, 0, 0)
    }
}

/// What a client writes: whole frames, masked with zeros. The server takes the mask off all the same, so its work is
/// that for any client.
enum ClientFrame {
    static func encode(_ payload: String, _ opcode: ServerFrames.Opcode = .text) -> ByteBuffer {
        let count = payload.utf8.count
        var frame = ByteBuffer()
        frame.reserveCapacity(count + 14)
        frame.writeInteger(0x80 | opcode.rawValue)
        if count < 126 {
            frame.writeInteger(0x80 | UInt8(count))
        } else if count <= 0xFFFF {
            frame.writeInteger(0x80 | 126 as UInt8)
            frame.writeInteger(UInt16(count))
        } else {
            frame.writeInteger(0x80 | 127 as UInt8)
            frame.writeInteger(UInt64(count))
        }
        frame.writeInteger(UInt32(0))
        frame.writeString(payload)
        return frame
    }
}
