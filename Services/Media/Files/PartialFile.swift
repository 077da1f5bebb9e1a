import Crypto
import Glibc
import Synchronization

/// A file while it is uploaded: its bytes, their hash, and a lock that says somebody is at work. Gone when it is discarded,
/// or with its last reference, unless it was moved to its place.
///
/// A `final class` with a `Mutex`, held through writes: the one upload it belongs to makes them one after the other.
final class PartialFile: Sendable {
    private struct State {
        var hash = SHA256()
        var size: Int64 = 0
        var isSettled = false
    }

    let path: String
    private let descriptor: Int32
    private let state = Mutex(State())

    init(path: String) throws {
        self.path = path
        self.descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard self.descriptor >= 0 else { throw FileError("open") }
        guard flock(self.descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let error = FileError("flock")
            close(self.descriptor)
            throw error
        }
    }

    deinit {
        self.discard()
        close(self.descriptor)
    }

    var size: Int64 { self.state.withLock(\.size) }

    var hash: ContentHash { self.state.withLock { ContentHash(Array($0.hash.finalize())) } }

    func append(_ bytes: [UInt8]) throws {
        try self.state.withLock { state in
            var rest = bytes[...]
            while !rest.isEmpty {
                let written = rest.withUnsafeBytes { write(self.descriptor, $0.baseAddress, $0.count) }
                if written < 0 {
                    if errno == EINTR { continue }
                    throw FileError("write")
                }
                rest = rest.dropFirst(written)
            }
            state.hash.update(data: bytes)
            state.size += Int64(bytes.count)
        }
    }

    /// What is at a place; less than asked for only at the end.
    func read(at offset: Int64, count: Int) throws -> [UInt8] {
        try readAll(self.descriptor, at: offset, count: count)
    }

    func synchronize() throws {
        guard fsync(self.descriptor) == 0 else { throw FileError("fsync") }
    }

    func move(to path: String) throws {
        guard rename(self.path, path) == 0 else { throw FileError("rename") }
        self.state.withLock { $0.isSettled = true }
    }

    /// Removes it, unless it has its place.
    func discard() {
        self.state.withLock { state in
            if !state.isSettled { unlink(self.path) }
            state.isSettled = true
        }
    }
}

/// A stored file that is open for reading; closed with the last reference.
final class ReadableFile: Sendable {
    private let descriptor: Int32

    init(path: String) throws {
        self.descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard self.descriptor >= 0 else { throw FileError("open") }
    }

    deinit { close(self.descriptor) }

    func size() throws -> Int64 {
        let end = lseek(self.descriptor, 0, SEEK_END)
        guard end >= 0 else { throw FileError("lseek") }
        return Int64(end)
    }

    /// What is at a place; less than asked for only at the end.
    func read(at offset: Int64, count: Int) throws -> [UInt8] {
        try readAll(self.descriptor, at: offset, count: count)
    }
}

private func readAll(_ descriptor: Int32, at offset: Int64, count: Int) throws -> [UInt8] {
    var failure: FileError?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
        while filled < count, let base = buffer.baseAddress {
            let read = pread(descriptor, base + filled, count - filled, Int(offset) + filled)
            if read < 0 {
                if errno == EINTR { continue }
                failure = FileError("pread")
                return
            }
            if read == 0 { return }
            filled += read
        }
    }
    if let failure { throw failure }
    return bytes
}
