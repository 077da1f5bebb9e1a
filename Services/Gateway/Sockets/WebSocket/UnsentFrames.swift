import NIOCore

/// Frames that leave in one turn of the loop, one behind the other in one run of bytes, shared by all connections that get
/// the same frames in the same order: a room's broadcasts are put together once, not once for each member.
///
/// A connection holds its place in it (``UnsentFrames``). Used on one loop.
final class FrameRun {
    private var frames: [SharedFrame]
    /// Where each frame ends.
    private var ends: [Int]
    /// The first frame itself as long as it is the only one.
    private var bytes: ByteBuffer

    init(_ frame: SharedFrame) {
        self.frames = [frame]
        self.ends = [frame.count]
        self.bytes = frame.bytes
    }

    /// The first `count` frames of another run, to go on from there in another way.
    private init(_ frames: ArraySlice<SharedFrame>) {
        self.frames = []
        self.ends = []
        self.bytes = ByteBuffer()
        for frame in frames { self.append(frame) }
    }

    var count: Int { self.frames.count }

    /// The bytes of the first `count` frames.
    func bytes(of count: Int) -> ByteBuffer {
        guard count < self.frames.count else { return self.bytes }
        return self.bytes.getSlice(at: self.bytes.readerIndex, length: self.ends[count - 1]) ?? self.bytes
    }

    func append(_ frame: SharedFrame) {
        self.bytes.writeImmutableBuffer(frame.bytes)
        self.frames.append(frame)
        self.ends.append(self.bytes.readableBytes)
    }

    func has(_ frame: SharedFrame, at index: Int) -> Bool { index < self.frames.count && self.frames[index] === frame }

    func copy(of count: Int) -> FrameRun { FrameRun(self.frames.prefix(count)) }
}

/// What one connection sends at the end of this turn: the first frames of a run.
struct UnsentFrames {
    private var run: FrameRun
    private var count = 1

    /// `latest`: the run that was begun last, which is this one too if it begins with this very frame.
    init(_ frame: SharedFrame, latest: inout FrameRun?) {
        if let latest, latest.has(frame, at: 0) {
            self.run = latest
        } else {
            self.run = FrameRun(frame)
            latest = self.run
        }
    }

    mutating func append(_ frame: SharedFrame) {
        if !self.run.has(frame, at: self.count) {
            if self.count < self.run.count { self.run = self.run.copy(of: self.count) }
            self.run.append(frame)
        }
        self.count += 1
    }

    var bytes: ByteBuffer { self.run.bytes(of: self.count) }
}

@available(*, unavailable)
extension FrameRun: Sendable {}
