import NIOCore

extension ByteBuffer {
    /// Whether the readable bytes are well-formed UTF-8.
    package var isValidUTF8: Bool {
        self.withUnsafeReadableBytes { bytes in
            guard !bytes.isEmpty else { return true }
            let characters = bytes.bindMemory(to: UInt8.self)
            return (try? UTF8Span(validating: characters.span)) != nil
        }
    }
}
