import NIOCore

/// How large the buffer of the next read is: for one connection, which holds none while it is idle.
///
/// NIO keeps the first buffer of a channel for as long as it lives, to read into again; with one that says after each
/// read that it may grow, NIO takes a new buffer every time. So the first is a small one, whose rest is read at once
/// afterwards.
struct ReceiveAllocator: RecvByteBufferAllocator {
    private static let first = 64
    /// Below what glibc takes for large: for a large piece it first merges all small ones that were freed.
    private static let usual = 960
    private static let largest = 65_536
    private var size = Self.first

    mutating func record(actualReadBytes count: Int) -> Bool {
        self.size = count == self.size ? min(max(self.size * 2, Self.usual), Self.largest) : Self.usual
        return true
    }

    func buffer(allocator: ByteBufferAllocator) -> ByteBuffer { allocator.buffer(capacity: self.size) }
}
