import NIOCore

/// Standard base64 with padding (RFC 4648 §4), strict: what another encoder could not have written is refused.
enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    /// The value of each byte, 0xFF for what is none.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 0xFF, count: 256)
        for (value, character) in Self.alphabet.enumerated() { values[Int(character)] = UInt8(value) }
        return values
    }()

    static func encodedCount(_ count: Int) -> Int { (count + 2) / 3 * 4 }

    static func encode(_ data: ByteBuffer, into buffer: inout ByteBuffer) {
        data.withUnsafeReadableBytes { bytes in
            _ = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.encodedCount(bytes.count)) { target in
                var written = 0
                var index = 0
                while index < bytes.count {
                    let count = min(3, bytes.count - index)
                    var group = UInt32(bytes[index]) << 16
                    if count > 1 { group |= UInt32(bytes[index + 1]) << 8 }
                    if count > 2 { group |= UInt32(bytes[index + 2]) }
                    for place in 0..<4 {
                        target[written + place] =
                            place <= count
                            ? Self.alphabet[Int(group >> UInt32(18 - 6 * place)) & 63] : UInt8(ascii: "=")
                    }
                    written += 4
                    index += 3
                }
                return written
            }
        }
    }

    static func decode(_ text: ByteBuffer) throws(PacketError) -> ByteBuffer {
        let count = text.readableBytes
        guard count % 4 == 0 else { throw .invalidBase64 }
        guard count > 0 else { return ByteBuffer() }
        var result = ByteBuffer()
        let isValid = text.withUnsafeReadableBytes { bytes in
            let padding = bytes[count - 1] != UInt8(ascii: "=") ? 0 : bytes[count - 2] != UInt8(ascii: "=") ? 1 : 2
            var isValid = true
            _ = result.writeWithUnsafeMutableBytes(minimumWritableBytes: count / 4 * 3) { target in
                var written = 0
                for start in stride(from: 0, to: count, by: 4) {
                    let digits = start + 4 == count ? 4 - padding : 4
                    var group: UInt32 = 0
                    for place in 0..<4 {
                        let value = place < digits ? Self.values[Int(bytes[start + place])] : 0
                        if value == 0xFF { isValid = false }
                        group = group << 6 | UInt32(value & 63)
                    }
                    for place in 0..<digits - 1 {
                        target[written] = UInt8(truncatingIfNeeded: group >> UInt32(16 - 8 * place))
                        written += 1
                    }
                    // Bits that no byte takes must be zero.
                    if digits < 4, group & (digits == 3 ? 0xFF : 0xFFFF) != 0 { isValid = false }
                }
                return written
            }
            return isValid
        }
        guard isValid else { throw .invalidBase64 }
        return result
    }
}
