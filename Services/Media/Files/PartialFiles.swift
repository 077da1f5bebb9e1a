import Foundation
import Glibc

/// Files that are not whole yet, on this machine's disk wherever the finished ones go: `partial/` holds what is gone with
/// its request, `uploads/` what waits for its next part.
struct PartialFiles: Sendable {
    let directory: String

    /// - Throws: ``FileError`` where the folders cannot be made.
    init(directory: String) throws {
        self.directory = directory
        for folder in ["", "/partial", "/uploads"] { try FileSystem.makeFolder(directory + folder) }
    }

    /// One of a single request.
    func make() throws -> PartialFile {
        try PartialFile(path: "\(self.directory)/partial/\(UUID().uuidString)")
    }

    /// The file of an upload that comes in parts, locked.
    ///
    /// - Throws: ``MediaError/uploadLocked``, ``BlobMissing``.
    func open(_ upload: UUID, creating: Bool = false) throws -> PartialFile {
        try PartialFile(resumable: self.path(upload), creating: creating)
    }

    /// How much of an upload is here, also while somebody is at work on it; `nil` where there is no file.
    func size(of upload: UUID) -> Int64? {
        try? FileStatus(of: self.path(upload)).size
    }

    static func remove(_ path: String) { unlink(path) }

    private func path(_ upload: UUID) -> String { "\(self.directory)/uploads/\(upload.uuidString.lowercased())" }

    /// Uploads that have a file, written to before `time`.
    func uploads(before time: Date) throws -> [UUID] {
        try FileManager.default.contentsOfDirectory(atPath: "\(self.directory)/uploads").compactMap { name in
            guard let id = UUID(uuidString: name), let status = try? FileStatus(of: self.path(id)),
                status.modifiedAt < time
            else { return nil }
            return id
        }
    }

    /// Removes what requests of a process that ended have left. What another process is writing is locked, and stays.
    func removeAbandoned() throws {
        let folder = "\(self.directory)/partial"
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
            let descriptor = Glibc.open("\(folder)/\(name)", O_RDWR | O_CLOEXEC | O_NOFOLLOW)
            guard descriptor >= 0 else { continue }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { unlink("\(folder)/\(name)") }
            close(descriptor)
        }
    }
}
