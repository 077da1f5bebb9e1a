import NIOCore

/// Frames that leave in one turn of the loop, one behind the other in one run of bytes, shared by all connections that get
/// the same frames in the same order: a room's broadcasts are put together once, not once for each member.
///
/// A connection holds its place in it (``UnsentFrames``). Used on one loop.
final class FrameRun {
    /// Kept, so that no other frame can have the address of one of them.
    private var frames: [(frame: ByteBuffer, end: Int)] = []
    /// The first frame itself as long as it is the only one.
    private var bytes = ByteBuffer()

    var count: Int { self.frames.count }

    /// The bytes of the first `count` frames.
    func bytes(of count: Int) -> ByteBuffer {
        guard count < self.frames.count else { return self.bytes }
        let end = self.frames[count - 1].end
        return self.bytes.getSlice(at: self.bytes.readerIndex, length: end) ?? self.bytes
    }

    func append(_ frame: ByteBuffer) {
        if self.frames.isEmpty {
            self.bytes = frame
        } else {
            self.bytes.writeImmutableBuffer(frame)
        }
        self.frames.append((frame, self.bytes.readableBytes))
    }

    /// Whether this very frame, not an equal one, stands there.
    func has(_ frame: ByteBuffer, at index: Int) -> Bool {
        guard index < self.frames.count else { return false }
        let other = self.frames[index].frame
        guard other.readableBytes == frame.readableBytes else { return false }
        return other.withUnsafeReadableBytes { $0.baseAddress } == frame.withUnsafeReadableBytes { $0.baseAddress }
    }

    /// The first `count` frames, to go on from there in another way.
    func copy(of count: Int) -> FrameRun {
        let copy = FrameRun()
        for (frame, _) in self.frames.prefix(count) { copy.append(frame) }
        return copy
    }
}

/// What one connection sends at the end of this turn: the first frames of a run.
struct UnsentFrames {
    private var run: FrameRun
    private var count = 1

    /// `latest`: the run that was begun last, which is this one too if it begins with this very frame.
    init(_ frame: ByteBuffer, latest: inout FrameRun?) {
        if let latest, latest.has(frame, at: 0) {
            self.run = latest
        } else {
            self.run = FrameRun()
            self.run.append(frame)
            latest = self.run
        }
    }

    mutating func append(_ frame: ByteBuffer) {
        if self.count == self.run.count {
            self.run.append(frame)
        } else if !self.run.has(frame, at: self.count) {
            self.run = self.run.copy(of: self.count)
            self.run.append(frame)
        }
        self.count += 1
    }

    var bytes: ByteBuffer { self.run.bytes(of: self.count) }
}

@available(*, unavailable)
extension FrameRun: Sendable {}
