import Foundation
import Glibc

/// The contents, in files named after their SHA-256: `blobs/ab/cd/abcd…`, and of images a smaller one under the same name
/// in `thumbnails/`. Files under way are in `partial/`.
///
/// Every call here may wait for the disk: it is made through ``Disk``.
struct BlobStore: Sendable {
    private let directory: String

    /// - Throws: ``FileError`` where the folders cannot be made.
    init(directory: String) throws {
        self.directory = directory
        for folder in ["", "/partial", "/blobs", "/thumbnails"] {
            guard mkdir(directory + folder, 0o700) == 0 || errno == EEXIST else { throw FileError("mkdir") }
        }
    }

    private func path(_ folder: String, _ hash: ContentHash) -> String {
        let name = hash.description
        return "\(self.directory)/\(folder)/\(name.prefix(2))/\(name.dropFirst(2).prefix(2))/\(name)"
    }

    /// Begins a file that is not there for anybody yet.
    func makePartialFile() throws -> PartialFile {
        try PartialFile(path: "\(self.directory)/partial/\(UUID().uuidString)")
    }

    /// Gives a finished upload its place. A content that is there already is replaced by its like.
    func keep(_ upload: Upload) throws {
        if let thumbnail = upload.thumbnail {
            try self.place("thumbnails", upload.sha256) { path in
                guard rename(thumbnail, path) == 0 else { throw FileError("rename") }
            }
        }
        try upload.file.synchronize()
        try self.place("blobs", upload.sha256) { try upload.file.move(to: $0) }
    }

    /// Removes what an upload has on the disk, unless it has its place.
    func discard(_ upload: Upload) {
        upload.file.discard()
        if let thumbnail = upload.thumbnail { unlink(thumbnail) }
    }

    /// Frees the bytes of a content, which may be gone already.
    func remove(_ hash: ContentHash) throws {
        for folder in ["thumbnails", "blobs"] {
            guard unlink(self.path(folder, hash)) == 0 || errno == ENOENT else { throw FileError("unlink") }
        }
    }

    private func place(_ folder: String, _ hash: ContentHash, _ move: (String) throws -> Void) throws {
        let path = self.path(folder, hash)
        let inner = (path as NSString).deletingLastPathComponent
        let outer = (inner as NSString).deletingLastPathComponent
        for folder in [outer, inner] {
            guard mkdir(folder, 0o700) == 0 || errno == EEXIST else { throw FileError("mkdir") }
        }
        try move(path)
        // The name itself is on the disk only with the folders that hold it.
        for folder in [inner, outer, "\(self.directory)/\(folder)"] {
            let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard descriptor >= 0 else { throw FileError("open") }
            defer { close(descriptor) }
            guard fsync(descriptor) == 0 else { throw FileError("fsync") }
        }
    }

    func read(_ hash: ContentHash) throws -> ReadableFile { try ReadableFile(path: self.path("blobs", hash)) }

    func readThumbnail(_ hash: ContentHash) throws -> ReadableFile {
        try ReadableFile(path: self.path("thumbnails", hash))
    }

    /// Removes what a process that ended has left half done. What another process is writing is locked, and stays.
    func removePartialFiles() throws {
        let folder = "\(self.directory)/partial"
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
            let descriptor = open("\(folder)/\(name)", O_RDWR | O_CLOEXEC | O_NOFOLLOW)
            guard descriptor >= 0 else { continue }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { unlink("\(folder)/\(name)") }
            close(descriptor)
        }
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
