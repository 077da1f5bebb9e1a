import Foundation
import Postgres

/// Makes files of uploads: gives the bytes their place, unless the content is stored already, and then records them.
///
/// No lock is held while a store is waited for. A copy has a name of its own, and until its row is committed it is nobody's:
/// what a process leaves that dies between the two, the ``Sweeper`` finds.
struct Keeper: Sendable {
    private static let attempts = 3

    let files: FileStore
    let blobs: any BlobStore

    /// - Throws: ``MediaError/quotaExceeded``.
    func keep(_ upload: Upload, as new: NewFile) async throws -> StoredFile {
        var ours: StoredCopy?
        if try await self.files.copy(of: upload.sha256) == nil { ours = try await self.store(upload) }
        do {
            while true {
                if let file = try await self.record(upload, new, ours) {
                    if let ours, file.copy != ours.copy { await self.remove(ours) }
                    return file
                }
                // What was there has been freed meanwhile.
                ours = try await self.store(upload)
            }
        } catch {
            let isUnknown = (error as? PostgresError)?.code == .outcomeUnknown
            if let ours, !isUnknown { await self.remove(ours) }
            throw error
        }
    }

    /// All bytes have come: a connection that was lost before the commit is no reason to ask for them again.
    private func record(_ upload: Upload, _ new: NewFile, _ copy: StoredCopy?) async throws -> StoredFile? {
        for _ in 1..<Self.attempts {
            do {
                return try await self.files.add(upload, as: new, copy: copy)
            } catch let error as PostgresError where error.code == .unavailable {
                // Nothing was applied.
            }
        }
        return try await self.files.add(upload, as: new, copy: copy)
    }

    private func store(_ upload: Upload) async throws -> StoredCopy {
        let copy = BlobName.newCopy(of: upload.sha256)
        if let thumbnail = upload.thumbnail {
            let size = try await Disk.read { try FileStatus(of: thumbnail).size }
            try await self.blobs.store(thumbnail, size: size, as: BlobName(.thumbnail, copy))
        }
        try await self.blobs.store(upload.file.path, size: upload.size, as: BlobName(.content, copy))
        return StoredCopy(copy: copy, hasThumbnail: upload.thumbnail != nil)
    }

    /// What cannot be removed now is found later.
    private func remove(_ copy: StoredCopy) async {
        for kind in BlobName.Kind.allCases { try? await self.blobs.remove(BlobName(kind, copy.copy)) }
    }
}
