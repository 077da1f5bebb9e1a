import NIOCore

/// The body of a polling request or answer: packets joined by U+001E, binary messages as `b` and base64.
package enum EnginePayload {
    /// Never legal inside a packet: JSON escapes it.
    package static let separator: UInt8 = 0x1E

    package static func encode(_ packets: some Sequence<EnginePacket>) -> ByteBuffer {
        var body = ByteBuffer()
        for packet in packets {
            if packet.isBinary {
                self.append(binary: packet.data, to: &body)
            } else {
                self.separate(&body)
                packet.encode(into: &body)
            }
        }
        return body
    }

    /// Appends a packet in its text form, digit included.
    package static func append(text packet: ByteBuffer, to body: inout ByteBuffer) {
        self.separate(&body)
        body.writeImmutableBuffer(packet)
    }

    package static func append(binary data: ByteBuffer, to body: inout ByteBuffer) {
        self.separate(&body)
        body.writeInteger(UInt8(ascii: "b"))
        Base64.encode(data, into: &body)
    }

    /// What a binary message of `count` bytes takes in a body.
    package static func binaryLength(_ count: Int) -> Int { 1 + Base64.encodedCount(count) }

    /// Standard base64 with padding.
    package static func base64(_ data: ByteBuffer) -> String {
        var text = ByteBuffer()
        Base64.encode(data, into: &text)
        return String(buffer: text)
    }

    private static func separate(_ body: inout ByteBuffer) {
        if body.readableBytes > 0 { body.writeInteger(self.separator) }
    }
}

/// Takes a body apart packet by packet, so that those before a bad one are still processed.
package struct EnginePayloadReader {
    /// `nil` once the last element was read or one was bad.
    private var rest: ByteBuffer?

    package init(_ body: ByteBuffer) { self.rest = body }

    /// The next packet, `nil` at the end. After an error there is nothing more.
    package mutating func next() throws(PacketError) -> EnginePacket? {
        guard var rest = self.rest else { return nil }
        self.rest = nil
        var element = rest
        if let length = rest.readableBytesView.firstIndex(of: EnginePayload.separator).map({ $0 - rest.readerIndex }),
            let slice = rest.readSlice(length: length)
        {
            element = slice
            rest.moveReaderIndex(forwardBy: 1)
            let packet = try Self.packet(element)
            self.rest = rest
            return packet
        }
        return try Self.packet(element)
    }

    private static func packet(_ element: ByteBuffer) throws(PacketError) -> EnginePacket {
        var element = element
        guard element.getInteger(at: element.readerIndex, as: UInt8.self) == UInt8(ascii: "b") else {
            guard element.isValidUTF8 else { throw .invalidUTF8 }
            return try EnginePacket(text: element)
        }
        element.moveReaderIndex(forwardBy: 1)
        return EnginePacket(binary: try Base64.decode(element))
    }
}
