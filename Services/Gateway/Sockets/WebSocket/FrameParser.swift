import NIOCore
import SocketIO

/// Bytes from a client in, messages and control frames out (RFC 6455 §5). Pure; holds no memory between frames.
///
/// After ``Event/close(_:)`` or ``Event/failure(_:)`` nothing more comes out.
struct FrameParser {
    enum Event: Equatable {
        /// Valid UTF-8.
        case text(ByteBuffer)
        case binary(ByteBuffer)
        case ping(ByteBuffer)
        case pong
        /// The peer's Close frame; `nil` if it gave no code.
        case close(CloseCode?)
        /// The peer broke the rules: to be closed with this code.
        case failure(CloseCode)
    }

    private struct Header {
        var isFinal: Bool
        var opcode: Frame.Opcode
        /// Of header and mask.
        var length: Int
        var payload: Int
        var mask: UInt32
    }

    private enum HeaderResult {
        case header(Header)
        case incomplete
        case failure(CloseCode)
    }

    private let maxMessageBytes: Int
    private var unread = ByteBuffer()
    /// A message of which the final frame has not come.
    private var fragments: (opcode: Frame.Opcode, message: ByteBuffer)?
    private var isFinished = false

    init(maxMessageBytes: Int) { self.maxMessageBytes = maxMessageBytes }

    mutating func append(_ bytes: ByteBuffer) {
        guard !self.isFinished else { return }
        if self.unread.readableBytes == 0 {
            self.unread = bytes
        } else {
            self.unread.writeImmutableBuffer(bytes)
        }
    }

    /// Keeps no more memory than what is unread needs.
    mutating func compact() {
        if self.unread.readableBytes > 0 { self.unread = self.unread.compacted }
    }

    mutating func next() -> Event? {
        while !self.isFinished {
            switch self.readHeader() {
            case .incomplete:
                return nil
            case .failure(let code):
                return self.fail(code)
            case .header(let header):
                guard self.unread.readableBytes >= header.length + header.payload else { return nil }
                self.unread.moveReaderIndex(forwardBy: header.length)
                if let event = self.readPayload(header) { return event }
            }
        }
        return nil
    }

    /// Looks at the next frame's header. Everything that can be refused without its payload is refused here, before
    /// any memory is taken for it.
    private func readHeader() -> HeaderResult {
        let start = self.unread.readerIndex
        guard let (first, second) = self.unread.getMultipleIntegers(at: start, as: (UInt8, UInt8).self) else {
            return .incomplete
        }
        guard first & 0x70 == 0, let opcode = Frame.Opcode(rawValue: first & 0x0F), second & 0x80 != 0 else {
            return .failure(.protocolError)
        }
        let isFinal = first & 0x80 != 0
        var length = 2
        var payload = UInt64(second & 0x7F)
        switch opcode {
        case .close, .ping, .pong:
            guard isFinal, payload <= UInt64(Frame.maxControlBytes) else { return .failure(.protocolError) }
        case .continuation:
            guard self.fragments != nil else { return .failure(.protocolError) }
        case .text, .binary:
            guard self.fragments == nil else { return .failure(.protocolError) }
        }
        if payload == 126 {
            guard let long = self.unread.getInteger(at: start + 2, as: UInt16.self) else { return .incomplete }
            guard long > 125 else { return .failure(.protocolError) }
            payload = UInt64(long)
            length = 4
        } else if payload == 127 {
            guard let long = self.unread.getInteger(at: start + 2, as: UInt64.self) else { return .incomplete }
            guard long > 0xFFFF, long >> 63 == 0 else { return .failure(.protocolError) }
            payload = long
            length = 10
        }
        let room = self.maxMessageBytes - (self.fragments?.message.readableBytes ?? 0)
        guard payload <= UInt64(max(room, Frame.maxControlBytes)) else { return .failure(.tooLarge) }
        switch opcode {
        case .continuation, .text, .binary: guard payload <= UInt64(room) else { return .failure(.tooLarge) }
        case .close, .ping, .pong: break
        }
        guard let mask = self.unread.getInteger(at: start + length, endianness: .little, as: UInt32.self) else {
            return .incomplete
        }
        return .header(
            Header(isFinal: isFinal, opcode: opcode, length: length + 4, payload: Int(payload), mask: mask))
    }

    private mutating func readPayload(_ header: Header) -> Event? {
        var message = ByteBuffer()
        var opcode = header.opcode
        if opcode == .continuation, let begun = self.fragments {
            (opcode, message) = begun
            self.fragments = nil
        }
        self.unmask(header, into: &message)
        switch opcode {
        case .ping: return .ping(message)
        case .pong: return .pong
        case .close: return self.closed(message)
        case .text, .binary, .continuation:
            guard header.isFinal else {
                self.fragments = (opcode, message)
                return nil
            }
            guard opcode == .text else { return .binary(message) }
            return message.isValidUTF8 ? .text(message) : self.fail(.notUTF8)
        }
    }

    /// Moves the payload into `message`, unmasked, eight bytes at a time.
    private mutating func unmask(_ header: Header, into message: inout ByteBuffer) {
        let mask = header.mask
        let wide = UInt64(mask) | UInt64(mask) << 32
        self.unread.readWithUnsafeReadableBytes { source in
            message.writeWithUnsafeMutableBytes(minimumWritableBytes: header.payload) { target in
                var index = 0
                while index + 8 <= header.payload {
                    let word = source.loadUnaligned(fromByteOffset: index, as: UInt64.self).littleEndian ^ wide
                    target.storeBytes(of: word.littleEndian, toByteOffset: index, as: UInt64.self)
                    index += 8
                }
                while index < header.payload {
                    target[index] = source[index] ^ UInt8(truncatingIfNeeded: mask >> UInt32(8 * (index & 3)))
                    index += 1
                }
                return header.payload
            }
            return header.payload
        }
        if self.unread.readableBytes == 0 { self.unread = ByteBuffer() }
    }

    private mutating func closed(_ payload: ByteBuffer) -> Event {
        var payload = payload
        guard payload.readableBytes > 0 else {
            self.finish()
            return .close(nil)
        }
        guard let code = payload.readInteger(as: UInt16.self).map(CloseCode.init), code.isAllowedOnTheWire else {
            return self.fail(.protocolError)
        }
        guard payload.isValidUTF8 else { return self.fail(.notUTF8) }
        self.finish()
        return .close(code)
    }

    private mutating func fail(_ code: CloseCode) -> Event {
        self.finish()
        return .failure(code)
    }

    private mutating func finish() {
        self.isFinished = true
        self.unread = ByteBuffer()
        self.fragments = nil
    }
}
