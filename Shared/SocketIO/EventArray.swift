import NIOCore

/// The array an event carries, taken apart as far as relaying it needs: its name read, its arguments untouched.
package struct EventArray: Hashable, Sendable {
    /// Names that stock clients and servers use for themselves; sending one makes a client reconnect in a loop.
    package static let reservedNames: Set<String> = [
        "connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener",
    ]

    package let name: String
    /// The JSON text of each argument after the name.
    package let arguments: [ByteBuffer]

    /// Checks all of `text`, which must be UTF-8: a non-empty array that begins with a string or a number.
    ///
    /// `attachments`: how many came along, for placeholders to name; `nil` where a placeholder is plain data.
    package init(_ text: ByteBuffer, attachments: Int? = nil) throws(PacketError) {
        let scanned = text.withUnsafeReadableBytes { bytes -> Result<(String, [Range<Int>]), PacketError> in
            var scanner = JSONScanner(bytes, attachments: attachments)
            scanner.skipSpace()
            guard scanner.next == UInt8(ascii: "[") else {
                return .failure(scanner.isAtEnd ? .wrongShape : Self.errorOfOther(&scanner))
            }
            var elements: [Range<Int>] = []
            guard scanner.skipElements({ elements.append($0) }) else { return .failure(scanner.error) }
            scanner.skipSpace()
            guard scanner.isAtEnd else { return .failure(.invalidJSON) }
            guard let first = elements.first else { return .failure(.wrongShape) }
            let head = scanner.slice(first)
            switch head[0] {
            case UInt8(ascii: "\""): return .success((JSONText.string(head), elements))
            case UInt8(ascii: "-"), 0x30...0x39: return .success((String(decoding: head, as: UTF8.self), elements))
            default: return .failure(.wrongShape)
            }
        }
        let (name, elements) = try scanned.get()
        guard !Self.reservedNames.contains(name) else { throw .reservedName }
        self.name = name
        self.arguments = elements.dropFirst().compactMap {
            text.getSlice(at: text.readerIndex + $0.lowerBound, length: $0.count)
        }
    }

    /// Not an array: sound JSON of the wrong shape, or no JSON at all.
    private static func errorOfOther(_ scanner: inout JSONScanner) -> PacketError {
        guard scanner.skipValue() else { return scanner.error }
        scanner.skipSpace()
        return scanner.isAtEnd ? .wrongShape : .invalidJSON
    }
}

extension JSONScanner {
    /// Checks that `text` is one JSON value, and which: its first byte must be `first`.
    static func check(_ text: ByteBuffer, first: UInt8, attachments: Int? = nil) throws(PacketError) {
        let error = text.withUnsafeReadableBytes { bytes -> PacketError? in
            var scanner = JSONScanner(bytes, attachments: attachments)
            scanner.skipSpace()
            let isRightShape = scanner.next == first
            guard scanner.skipValue() else { return scanner.error }
            scanner.skipSpace()
            guard scanner.isAtEnd else { return .invalidJSON }
            return isRightShape ? nil : .wrongShape
        }
        if let error { throw error }
    }
}
