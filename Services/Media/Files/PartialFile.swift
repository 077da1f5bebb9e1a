import Crypto
import Glibc
import NIOCore
import Synchronization

/// A file while it is uploaded: its bytes, their hash, and a lock that says somebody is at work. One of a single request is
/// gone when it is discarded, or with its last reference; one that is to be resumed stays until it is removed.
///
/// A `final class` with a `Mutex`, held through reads and writes: the one request that has it makes them one after the
/// other.
final class PartialFile: Sendable {
    private struct State {
        var hash = SHA256()
        /// Up to where the hash goes.
        var hashed: Int64 = 0
        var size: Int64 = 0
        var isGone = false
    }

    let path: String
    let isResumable: Bool
    private let descriptor: Int32
    private let state = Mutex(State())

    /// A new one, of a single request.
    convenience init(path: String) throws {
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw FileError("open") }
        try self.init(path, descriptor, isResumable: false)
    }

    /// One that is to be resumed.
    ///
    /// - Parameter creating: makes it, where it is not there.
    /// - Throws: ``MediaError/uploadLocked`` where another request is at work on it, ``BlobMissing`` where there is none.
    convenience init(resumable path: String, creating: Bool) throws {
        let descriptor = open(path, O_RDWR | (creating ? O_CREAT : 0) | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            if errno == ENOENT { throw BlobMissing() }
            throw FileError("open")
        }
        try self.init(path, descriptor, isResumable: true)
    }

    private init(_ path: String, _ descriptor: Int32, isResumable: Bool) throws {
        self.path = path
        self.descriptor = descriptor
        self.isResumable = isResumable
        // From here on `deinit` closes it, also when this throws.
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let error: any Error = errno == EWOULDBLOCK ? MediaError.uploadLocked : FileError("flock")
            self.state.withLock { $0.isGone = true }
            throw error
        }
        let ours = try FileStatus(of: descriptor)
        // Between opening and locking it may have been removed.
        guard let named = try? FileStatus(of: path), named.number == ours.number else {
            self.state.withLock { $0.isGone = true }
            throw BlobMissing()
        }
        self.state.withLock { $0.size = ours.size }
    }

    deinit {
        if !self.isResumable { self.discard() }
        close(self.descriptor)
    }

    var size: Int64 { self.state.withLock(\.size) }

    func append(_ bytes: [UInt8]) throws {
        try self.state.withLock { state in
            var rest = bytes[...]
            while !rest.isEmpty {
                let place = Int(state.size) + (bytes.count - rest.count)
                let written = rest.withUnsafeBytes { pwrite(self.descriptor, $0.baseAddress, $0.count, place) }
                if written < 0 {
                    if errno == EINTR { continue }
                    let error = FileError("write")
                    // Half of it may be there; none of it counts.
                    ftruncate(self.descriptor, Int(state.size))
                    throw error
                }
                rest = rest.dropFirst(written)
            }
            if state.hashed == state.size {
                state.hash.update(data: bytes)
                state.hashed += Int64(bytes.count)
            }
            state.size += Int64(bytes.count)
        }
    }

    /// Takes the end away again.
    func truncate(to size: Int64) throws {
        try self.state.withLock { state in
            guard ftruncate(self.descriptor, Int(size)) == 0 else { throw FileError("ftruncate") }
            state.size = size
            if state.hashed > size { (state.hash, state.hashed) = (SHA256(), 0) }
        }
    }

    /// What is at a place; less than asked for only at the end.
    func read(at offset: Int64, count: Int) throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = try readAll(self.descriptor, at: offset, into: UnsafeMutableRawBufferPointer(buffer))
        }
    }

    /// Others may be at work on it from here on. Said rather than left to the last reference: a thread of the disk may hold
    /// one a little longer than the request lasts.
    func unlock() { flock(self.descriptor, LOCK_UN) }

    func synchronize() throws {
        guard fsync(self.descriptor) == 0 else { throw FileError("fsync") }
    }

    /// The hash of all of it. What went into it as it came is not read again; the rest is, a piece at a time.
    func hash() async throws -> ContentHash {
        while try await Disk.write({ try self.hashMore() }) {}
        return self.state.withLock { ContentHash(Array($0.hash.finalize())) }
    }

    /// - Returns: whether there is more.
    private func hashMore() throws -> Bool {
        try self.state.withLock { state in
            // 4 MiB at a time, so that others have their turn at the disk's threads.
            for _ in 0..<16 where state.hashed < state.size {
                let bytes = try self.read(at: state.hashed, count: 256 * 1024)
                guard !bytes.isEmpty else { throw BlobCutOff() }
                state.hash.update(data: bytes)
                state.hashed += Int64(bytes.count)
            }
            return state.hashed < state.size
        }
    }

    /// Removes it.
    func discard() {
        self.state.withLock { state in
            if !state.isGone { unlink(self.path) }
            state.isGone = true
        }
    }
}

/// A stored file that is open for reading; closed with the last reference.
final class ReadableFile: Sendable {
    private let descriptor: Int32

    /// `nil` where there is none.
    init?(path: String) throws {
        self.descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard self.descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw FileError("open")
        }
    }

    deinit { if self.descriptor >= 0 { close(self.descriptor) } }

    func size() throws -> Int64 {
        let end = lseek(self.descriptor, 0, SEEK_END)
        guard end >= 0 else { throw FileError("lseek") }
        return Int64(end)
    }

    /// What is at a place; less than asked for only at the end.
    func read(at offset: Int64, count: Int) throws -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: count)
        try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) {
            try readAll(self.descriptor, at: offset, into: UnsafeMutableRawBufferPointer(rebasing: $0.prefix(count)))
        }
        return buffer
    }
}

/// - Returns: how much was read; less than there is room for only at the end.
private func readAll(_ descriptor: Int32, at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    var filled = 0
    while filled < buffer.count, let base = buffer.baseAddress {
        let read = pread(descriptor, base + filled, buffer.count - filled, Int(offset) + filled)
        if read < 0 {
            if errno == EINTR { continue }
            throw FileError("pread")
        }
        if read == 0 { break }
        filled += read
    }
    return filled
}
