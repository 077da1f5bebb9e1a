import CDispatch
import Foundation
import Glibc

/// Calls to the system that several here make.
enum FileSystem {
    static func makeFolder(_ path: String) throws {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw FileError("mkdir") }
    }

    static func synchronize(_ path: String, isFolder: Bool = false) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | (isFolder ? O_DIRECTORY : 0))
        guard descriptor >= 0 else { throw FileError("open") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw FileError("fsync") }
    }
}

/// What `stat(2)` tells. The only file to look into its structure, which Swift finds in whichever module came by first:
/// hence the imports above.
struct FileStatus: Sendable {
    let size: Int64
    let isFolder: Bool
    let device: UInt64
    let number: UInt64
    /// When its bytes were last written.
    let modifiedAt: Date
    /// When its names, or anything else of it, last changed.
    let changedAt: Date

    /// Of a name, not of what a link leads to.
    init(of path: String) throws {
        var status = stat()
        guard lstat(path, &status) == 0 else { throw FileError("lstat") }
        self.init(status)
    }

    init(of descriptor: Int32) throws {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileError("fstat") }
        self.init(status)
    }

    private init(_ status: stat) {
        self.size = Int64(status.st_size)
        self.isFolder = status.st_mode & S_IFMT == S_IFDIR
        self.device = UInt64(status.st_dev)
        self.number = UInt64(status.st_ino)
        self.modifiedAt = Date(timeIntervalSince1970: TimeInterval(status.st_mtim.tv_sec))
        self.changedAt = Date(timeIntervalSince1970: TimeInterval(status.st_ctim.tv_sec))
    }
}

/// A call to the system that failed.
struct FileError: Error, CustomStringConvertible {
    let call: String
    let number: Int32

    /// Takes the number from `errno`.
    init(_ call: String) {
        self.call = call
        self.number = errno
    }

    var description: String { "\(self.call): \(String(cString: strerror(self.number)))" }
}
