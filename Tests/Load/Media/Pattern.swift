import Crypto
import Foundation
import NIOCore

/// Bytes that are the same at each reading, and no two blocks of which are alike; made as they are asked for.
struct Pattern: Sendable {
    static let block = 128 * 1024
    let size: Int64
    private let base: [UInt8]

    init(size: Int64, seed: UInt64) {
        self.size = size
        var state = seed | 1
        self.base = (0..<Self.block).map { _ in
            // xorshift64
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return UInt8(truncatingIfNeeded: state)
        }
    }

    /// From a place to the end of its block.
    func bytes(at offset: Int64) -> ArraySlice<UInt8> {
        let number = offset / Int64(Self.block)
        let start = number * Int64(Self.block)
        var block = self.base
        for place in 0..<8 { block[place] = UInt8(truncatingIfNeeded: number >> (8 * Int64(place))) }
        return block[Int(offset - start)..<Int(min(Int64(Self.block), self.size - start))]
    }

    /// In hexadecimal, as `ETag` has it.
    var sha256: String {
        var hash = SHA256()
        var offset: Int64 = 0
        while offset < self.size {
            let bytes = self.bytes(at: offset)
            bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
            offset += Int64(bytes.count)
        }
        return hash.finalize().map { String(format: "%02x", $0) }.joined()
    }

    /// From a place on; breaks off at another, as a line does.
    func stream(from start: Int64, breakingAt end: Int64?) -> Stream { Stream(pattern: self, start: start, end: end) }

    struct Broken: Error {}

    struct Stream: AsyncSequence, Sendable {
        let pattern: Pattern
        let start: Int64
        let end: Int64?

        func makeAsyncIterator() -> Iterator { Iterator(stream: self, offset: self.start) }

        struct Iterator: AsyncIteratorProtocol {
            let stream: Stream
            var offset: Int64

            mutating func next() async throws -> ByteBuffer? {
                if let end = self.stream.end, self.offset >= end { throw Broken() }
                guard self.offset < self.stream.pattern.size else { return nil }
                let bytes = self.stream.pattern.bytes(at: self.offset)
                self.offset += Int64(bytes.count)
                return ByteBuffer(bytes: bytes)
            }
        }
    }
}
