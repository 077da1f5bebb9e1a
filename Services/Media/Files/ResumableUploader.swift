import ChatAPI
import Foundation
import Hummingbird
import NIOCore
import ServiceKit

/// Takes uploads that come in parts. How far one is, its file says: rows follow, and a process that dies takes nothing along.
struct ResumableUploader: Sendable {
    let uploads: UploadStore
    let files: FileStore
    let memberships: MembershipClient
    let partial: PartialFiles
    let examiner: Examiner
    let keeper: Keeper
    let places: UploadPlaces
    /// How long an upload waits for its next part.
    let lifetime: Duration

    /// What a request has made of an upload.
    struct Progress: Sendable {
        var offset: Int64
        var expiresAt: Date
        var file: StoredFile?
    }

    /// - Throws: `tooLarge`, ``MediaError/quotaExceeded``, ``MediaError/tooManyUploads``, ``MediaError/chatroomNotFound``.
    func begin(_ upload: NewUpload, key: UUID?) async throws -> PendingUpload {
        guard upload.length <= self.examiner.limits.fileBytes else { throw RequestError.tooLarge }
        try await self.checkMembership(upload.owner, upload.chatroom)
        let begun = try await self.uploads.begin(upload, key: key, lifetime: self.lifetime)
        if begun.file == nil {
            do {
                try await Disk.write { _ = try self.partial.open(begun.id, creating: true) }
            } catch MediaError.uploadLocked {
                // The same key, while the first part is on its way.
            }
        }
        return begun
    }

    /// - Throws: ``MediaError/uploadNotFound``, also for another's.
    func find(_ id: UUID, of owner: UserID) async throws -> (upload: PendingUpload, offset: Int64) {
        guard let upload = try await self.uploads.find(id, of: owner) else { throw MediaError.uploadNotFound }
        if upload.file != nil { return (upload, upload.length) }
        guard let size = try await Disk.read({ self.partial.size(of: id) }) else { throw MediaError.uploadNotFound }
        return (upload, upload.offset(ofSize: size))
    }

    /// Takes the next part. What came of one that broke off counts, unless it had a checksum.
    ///
    /// - Throws: ``MediaError/uploadNotFound``, ``MediaError/uploadLocked``, ``MediaError/offsetConflict``,
    ///   ``MediaError/checksumMismatch``, `tooLarge` for more bytes than the upload has; and what ``finish(_:of:)`` throws
    ///   where this was the last part.
    func append(
        _ body: RequestBody, announced: Int64?, checksum: UploadChecksum?, at offset: Int64, to id: UUID,
        of owner: UserID
    ) async throws -> Progress {
        let place = try self.places.take()
        defer { place.giveBack() }
        let known = try await self.find(id, of: owner)
        if known.upload.file != nil {
            // The answer to the last part was lost.
            guard offset == known.offset, announced ?? 0 == 0 else { throw MediaError.offsetConflict }
            return try await self.finished(known.upload)
        }
        return try await self.withLock(on: id, of: owner) { upload, file in
            guard offset == file.size else { throw MediaError.offsetConflict }
            guard (announced ?? 0) <= upload.length - offset else { throw RequestError.tooLarge }
            _ = try await self.uploads.touch(id, unchecked: checksum == nil ? nil : offset, lifetime: self.lifetime)
            try await self.receive(body, into: file, of: upload, checksum: checksum)
            let expiresAt = try await self.uploads.touch(id, unchecked: nil, lifetime: self.lifetime)
            guard file.size == upload.length else { return Progress(offset: file.size, expiresAt: expiresAt) }
            return Progress(offset: upload.length, expiresAt: expiresAt, file: try await self.complete(upload, file))
        }
    }

    /// The file that an upload has become. Makes it, where all bytes have come and it was not to be had then.
    ///
    /// - Throws: ``MediaError/uploadUnfinished``, and as an upload in one request: then the upload has ended too, but for
    ///   failures of ours.
    func finish(_ id: UUID, of owner: UserID) async throws -> StoredFile {
        let known = try await self.find(id, of: owner)
        if known.upload.file == nil {
            guard known.offset == known.upload.length else { throw MediaError.uploadUnfinished }
            return try await self.withLock(on: id, of: owner) { upload, file in
                guard file.size == upload.length else { throw MediaError.uploadUnfinished }
                return try await self.complete(upload, file)
            }
        }
        guard let file = try await self.finished(known.upload).file else { throw MediaError.uploadNotFound }
        return file
    }

    /// Ends an upload. A file that it has become stays.
    ///
    /// - Throws: ``MediaError/uploadNotFound``, ``MediaError/uploadLocked``.
    func terminate(_ id: UUID, of owner: UserID) async throws {
        guard try await self.find(id, of: owner).upload.file == nil else { return try await self.uploads.end(id) }
        try await self.withLock(on: id, of: owner) { _, file in try await self.remove(id, file) }
    }

    // MARK: Steps

    /// Nobody else is at work on it meanwhile, and what does not count of its file is gone.
    private func withLock<Result: Sendable>(
        on id: UUID, of owner: UserID, _ work: (PendingUpload, PartialFile) async throws -> Result
    ) async throws -> Result {
        let file: PartialFile
        do {
            file = try await Disk.write { try self.partial.open(id) }
        } catch is BlobMissing {
            throw MediaError.uploadNotFound
        }
        defer { file.unlock() }
        // Now that it stands still.
        guard let upload = try await self.uploads.find(id, of: owner), upload.file == nil else {
            throw MediaError.uploadNotFound
        }
        let counts = upload.offset(ofSize: file.size)
        if counts < file.size { try await Disk.write { try file.truncate(to: counts) } }
        return try await work(upload, file)
    }

    private func receive(
        _ body: RequestBody, into file: PartialFile, of upload: PendingUpload, checksum: UploadChecksum?
    ) async throws {
        let start = file.size
        var isJudged = start >= ImageFormat.signatureBytes
        var checksum = checksum
        var pending: [UInt8] = []
        do {
            for try await buffer in body {
                guard Int64(buffer.readableBytes) <= upload.length - file.size - Int64(pending.count) else {
                    throw RequestError.tooLarge
                }
                pending.append(contentsOf: buffer.readableBytesView)
                guard pending.count >= 256 * 1024 else { continue }
                try await self.write(&pending, to: file, &checksum)
                if !isJudged { try await self.judge(upload, file) }
                isJudged = true
            }
            try await self.write(&pending, to: file, &checksum)
            if !isJudged { try await self.judge(upload, file) }
            guard checksum?.matches ?? true else { throw MediaError.checksumMismatch }
        } catch {
            // Without a checksum what has come is as good as if it had come in a part of its own.
            let isRefused = error is any ServiceError
            if checksum != nil || isRefused {
                try await Disk.write { try file.truncate(to: start) }
            } else {
                try? await self.write(&pending, to: file, &checksum)
            }
            try? await Disk.write { try file.synchronize() }
            throw error
        }
        try await Disk.write { try file.synchronize() }
    }

    private func write(_ pending: inout [UInt8], to file: PartialFile, _ checksum: inout UploadChecksum?) async throws {
        guard !pending.isEmpty else { return }
        checksum = try await Disk.write { [pending, checksum] in
            var checksum = checksum
            try file.append(pending)
            checksum?.update(pending)
            return checksum
        }
        pending.removeAll(keepingCapacity: true)
    }

    /// An image that is going to be too large need not come whole.
    private func judge(_ upload: PendingUpload, _ file: PartialFile) async throws {
        guard upload.length > self.examiner.limits.imageBytes,
            try await Disk.read({ try Examiner.format(of: file) }) != nil
        else { return }
        throw RequestError.tooLarge
    }

    private func complete(_ upload: PendingUpload, _ file: PartialFile) async throws -> StoredFile {
        do {
            // One may have been removed since it began.
            try await self.checkMembership(upload.owner, upload.chatroom)
            let examined = try await self.examiner.examine(file)
            let result: Result<StoredFile, any Error>
            do {
                let new = NewFile(
                    upload: upload.id, isResumable: true, owner: upload.owner, chatroom: upload.chatroom,
                    name: upload.name)
                result = .success(try await self.keeper.keep(examined, as: new))
            } catch {
                result = .failure(error)
            }
            await self.examiner.discard(examined)
            let stored = try result.get()
            try? await Disk.write { file.discard() }
            return stored
        } catch let refusal as any ServiceError where refusal.status.kind == .clientError {
            try await self.remove(upload.id, file)
            throw refusal
        }
    }

    private func finished(_ upload: PendingUpload) async throws -> Progress {
        guard let id = upload.file, let file = try await self.files.file(id) else { throw MediaError.uploadNotFound }
        return Progress(offset: upload.length, expiresAt: upload.expiresAt, file: file)
    }

    private func remove(_ id: UUID, _ file: PartialFile) async throws {
        try await self.uploads.end(id)
        try await Disk.write { file.discard() }
    }

    private func checkMembership(_ user: UserID, _ chatroom: ChatroomID?) async throws {
        guard let chatroom else { return }
        guard try await self.memberships.isMember(user, of: chatroom) else { throw MediaError.chatroomNotFound }
    }
}
