import ChatAPI
import Foundation
import Hummingbird
import NIOCore
import ServiceKit
import Synchronization

/// Takes the bytes of an upload that comes in one request: to disk while they are hashed, counted as they come, and looked at.
struct Uploader: Sendable {
    let partial: PartialFiles
    let examiner: Examiner
    let places: UploadPlaces
    let uploads: UploadStore
    let keeper: Keeper
    private var limits: UploadLimits { self.examiner.limits }

    init(partial: PartialFiles, examiner: Examiner, places: UploadPlaces, uploads: UploadStore, keeper: Keeper) {
        self.partial = partial
        self.examiner = examiner
        self.places = places
        self.uploads = uploads
        self.keeper = keeper
    }

    /// Makes a file of a body.
    ///
    /// - Parameters:
    ///   - announced: what `Content-Length` says, if anything.
    ///   - key: with one that was used before, the answer is the file of then.
    /// - Throws: what ``take(_:announced:claim:)`` and ``Keeper/keep(_:as:)`` throw.
    func upload(
        _ body: RequestBody, announced: Int64?, named name: String, into chatroom: ChatroomID?, by owner: UserID,
        key: UUID?
    ) async throws -> StoredFile {
        if let announced, announced > self.limits.fileBytes { throw RequestError.tooLarge }
        var claim = try await QuotaClaim(
            self.uploads,
            NewUpload(owner: owner, chatroom: chatroom, name: name, length: announced ?? 0, isResumable: false))
        do {
            let upload = try await self.take(body, announced: announced, claim: &claim)
            let new = NewFile(
                upload: claim.id, isResumable: false, owner: owner, chatroom: chatroom, name: name, key: key)
            let result: Result<StoredFile, any Error>
            do {
                result = .success(try await self.keeper.keep(upload, as: new))
            } catch {
                result = .failure(error)
            }
            await self.examiner.discard(upload)
            return try result.get()
        } catch {
            try? await self.uploads.end(claim.id)
            throw error
        }
    }

    /// - Throws: `tooLarge` as soon as a limit is passed, ``MediaError/quotaExceeded``, `invalid` for a body shorter than
    ///   announced or a broken image, `unavailable` where too many are under way. Then nothing stays on the disk.
    func take(_ body: RequestBody, announced: Int64?, claim: inout QuotaClaim) async throws -> Upload {
        let place = try self.places.take()
        defer { place.giveBack() }
        let file = try await Disk.write { [partial] in try partial.make() }
        do {
            try await self.receive(body, into: file, claim: &claim)
            if let announced, file.size != announced {
                throw RequestError.invalid("body", "is shorter than announced")
            }
            try await claim.settle(on: file.size)
            try await Disk.write { try file.synchronize() }
            let upload = try await self.examiner.examine(file)
            // An image has been copied without what it must not tell.
            if upload.file !== file { try await Disk.write { file.discard() } }
            return upload
        } catch {
            // Before the answer, and not only when the last reference goes.
            try? await Disk.write { file.discard() }
            throw error
        }
    }

    private func receive(_ body: RequestBody, into file: PartialFile, claim: inout QuotaClaim) async throws {
        var pending: [UInt8] = []
        var received: Int64 = 0
        var isJudged = false
        var limit = Int64(self.limits.fileBytes)
        for try await buffer in body {
            received += Int64(buffer.readableBytes)
            guard received <= limit else { throw RequestError.tooLarge }
            try await claim.cover(received)
            pending.append(contentsOf: buffer.readableBytesView)
            if !isJudged, pending.count >= ImageFormat.signatureBytes {
                isJudged = true
                if ImageFormat(signature: pending) != nil { limit = min(limit, Int64(self.limits.imageBytes)) }
                guard received <= limit else { throw RequestError.tooLarge }
            }
            guard pending.count >= 256 * 1024 else { continue }
            try await Disk.write { [pending] in try file.append(pending) }
            pending.removeAll(keepingCapacity: true)
        }
        let last = pending
        try await Disk.write { try file.append(last) }
    }
}

/// How many requests may bring bytes at once.
final class UploadPlaces: Sendable {
    /// One of them; given back once.
    struct Place {
        fileprivate let places: UploadPlaces

        func giveBack() { self.places.taken.wrappingSubtract(1, ordering: .relaxed) }
    }

    private let all: Int
    private let taken = Atomic<Int>(0)

    init(_ all: Int) { self.all = all }

    /// - Throws: `unavailable` where there is none.
    func take() throws(RequestError) -> Place {
        guard self.taken.wrappingAdd(1, ordering: .relaxed).oldValue < self.all else {
            self.taken.wrappingSubtract(1, ordering: .relaxed)
            throw .unavailable
        }
        return Place(places: self)
    }
}
