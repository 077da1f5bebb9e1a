import NIOCore

/// How large the buffer of the next read is: for one connection, which holds none while it is idle.
///
/// NIO keeps the first buffer of a channel for as long as it lives, to read into again; with one that says after each
/// read that it may grow, NIO takes a new buffer every time. So the first is a small one, whose rest is read at once
/// afterwards, into the buffer that all connections of the loop share.
struct ReceiveAllocator: RecvByteBufferAllocator {
    static let first = 64
    private static let largest = 65_536
    private let shared: NIOLoopBoundBox<ReceiveBuffer>
    private var size = Self.first

    init(_ shared: NIOLoopBoundBox<ReceiveBuffer>) { self.shared = shared }

    mutating func record(actualReadBytes count: Int) -> Bool {
        self.size = count == self.size ? min(max(self.size * 2, ReceiveBuffer.size), Self.largest) : ReceiveBuffer.size
        return true
    }

    func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
        self.size == ReceiveBuffer.size ? self.shared.value.take() : allocator.buffer(capacity: self.size)
    }
}

/// What the connections of one event loop read into, one after the other: without taking and giving back memory for each
/// read, and at a place that is in the processor's cache already. On its loop only.
final class ReceiveBuffer {
    static let size = 4_096
    private var spare: ByteBuffer?

    /// A buffer that nobody else has.
    func take() -> ByteBuffer {
        // Whoever reads may have kept a part of it: then it is theirs.
        if self.spare?.modifyIfUniquelyOwned({ $0.clear() }) != nil, let spare = self.spare {
            self.spare = nil
            return spare
        }
        return ByteBufferAllocator().buffer(capacity: Self.size)
    }

    /// What was read has been worked off.
    func giveBack(_ buffer: ByteBuffer) {
        if self.spare == nil, buffer.storageCapacity == Self.size { self.spare = buffer }
    }
}

@available(*, unavailable)
extension ReceiveBuffer: Sendable {}

extension ByteBuffer {
    /// The same bytes where they keep no more memory than they need: for what is held until the rest comes.
    var compacted: ByteBuffer {
        self.storageCapacity > 2 * self.readableBytes + 64 ? ByteBuffer(bytes: self.readableBytesView) : self
    }
}
