import Foundation
import Glibc
import NIOCore

/// Contents in files, over two levels of folders: `blobs/ab/cd/abcd…`, and of images a smaller one under the same name in
/// `thumbnails/`.
struct DiskStore: BlobStore {
    private let directory: String

    /// - Throws: ``FileError`` where the folders cannot be made.
    init(directory: String) throws {
        self.directory = directory
        for folder in [""] + BlobName.Kind.allCases.map({ "/" + $0.rawValue }) {
            try FileSystem.makeFolder(directory + folder)
        }
    }

    /// Whether files of another folder can be given a second name here.
    func isOnFileSystem(of folder: String) throws -> Bool {
        try FileStatus(of: self.directory).device == FileStatus(of: folder).device
    }

    private func path(_ name: BlobName) -> String { "\(self.directory)/\(name)" }

    func store(_ path: String, size: Int64, as name: BlobName) async throws {
        try await Disk.write { try self.place(path, self.path(name)) }
    }

    private func place(_ source: String, _ path: String) throws {
        try FileSystem.synchronize(source)
        let inner = (path as NSString).deletingLastPathComponent
        let outer = (inner as NSString).deletingLastPathComponent
        for folder in [outer, inner] { try FileSystem.makeFolder(folder) }
        guard link(source, path) == 0 else { throw FileError("link") }
        // The name itself is on the disk only with the folders that hold it.
        for folder in [inner, outer, (outer as NSString).deletingLastPathComponent] {
            try FileSystem.synchronize(folder, isFolder: true)
        }
    }

    func read(_ name: BlobName, _ part: Range<Int64>?) async throws -> BlobContent {
        let (file, size) = try await Disk.read {
            guard let file = try ReadableFile(path: self.path(name)) else { throw BlobMissing() }
            return (file, try file.size())
        }
        let range = part ?? 0..<size
        guard range.upperBound <= size else { throw BlobCutOff() }
        let pace = ReadPace()
        return BlobContent(
            size: Int64(range.count), pace: pace, chunks: FileChunks(file: file, range: range, pace: pace))
    }

    func remove(_ name: BlobName) async throws {
        try await Disk.write {
            guard unlink(self.path(name)) == 0 || errno == ENOENT else { throw FileError("unlink") }
        }
    }

    func list(after name: BlobName?, limit: Int) async throws -> [StoredBlob] {
        try await Disk.read {
            var found: [StoredBlob] = []
            for kind in BlobName.Kind.allCases {
                try self.walk(kind.rawValue, after: name?.description ?? "", limit, &found)
            }
            return found
        }
    }

    /// Into the folders that may hold a name after `last`, in the order of names.
    private func walk(_ folder: String, after last: String, _ limit: Int, _ found: inout [StoredBlob]) throws {
        guard let entries = try? FileManager.default.contentsOfDirectory(atPath: "\(self.directory)/\(folder)") else {
            return
        }
        for entry in entries.sorted() where found.count < limit {
            let path = "\(folder)/\(entry)"
            guard path > last || last.hasPrefix(path + "/") else { continue }
            // It may just have been removed.
            guard let status = try? FileStatus(of: "\(self.directory)/\(path)") else { continue }
            if status.isFolder {
                try self.walk(path, after: last, limit, &found)
            } else if let name = BlobName(path: path) {
                // When it got this name; its bytes may be older.
                found.append(StoredBlob(name: name, storedAt: status.changedAt))
            }
        }
    }
}

/// A part of a file, read as it is asked for.
struct FileChunks: AsyncSequence, Sendable {
    let file: ReadableFile
    let range: Range<Int64>
    /// Without one, much at a time.
    var pace: ReadPace?

    func makeAsyncIterator() -> Iterator { Iterator(content: self, rest: self.range) }

    struct Iterator: AsyncIteratorProtocol {
        let content: FileChunks
        var rest: Range<Int64>

        mutating func next() async throws -> ByteBuffer? {
            guard !self.rest.isEmpty else { return nil }
            let (file, offset) = (self.content.file, self.rest.lowerBound)
            let size = self.content.pace?.size ?? ReadPace.largest
            let count = Int(Swift.min(Int64(size), Int64(self.rest.count)))
            let bytes = try await Disk.read { try file.read(at: offset, count: count) }
            guard bytes.readableBytes > 0 else { throw BlobCutOff() }
            self.rest = (offset + Int64(bytes.readableBytes))..<self.rest.upperBound
            return bytes
        }
    }
}
