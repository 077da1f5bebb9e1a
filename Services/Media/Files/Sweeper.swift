import ChatAPI
import Foundation
import Logging
import ServiceKit
import ServiceLifecycle

/// Frees the bytes of what nobody can reach any more: of recalled messages and deleted files within seconds; of uploads that
/// nobody goes on with; of files that were uploaded for a chatroom and never sent, after a day; and finds in the store what
/// a process that died has left there.
///
/// Several instances may sweep at once: each step is once as good as twice.
struct Sweeper: Service {
    private static let interval = Duration.seconds(5)
    private static let roundsBetweenSearches = 720
    /// Beyond it, what nothing refers to is not on its way to be referred to.
    private static let grace = Duration.seconds(86_400)

    let store: SweepStore
    let uploads: UploadStore
    let blobs: any BlobStore
    let partial: PartialFiles
    let history: HistoryClient
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var round = 0
            while (try? await Task.sleep(for: Self.interval)) != nil {
                do {
                    try await self.endUploads()
                    try await self.free()
                    if round % Self.roundsBetweenSearches == 0 { try await self.search() }
                    round += 1
                } catch is CancellationError {
                    return
                } catch {
                    self.logger.warning("not swept", metadata: ["error": "\(error)"])
                }
            }
        }
    }

    /// Frees all that is released.
    func free() async throws {
        while case let contents = try await self.store.releasedContents(limit: 100), !contents.isEmpty {
            for content in contents { try await self.store.settle(content) }
        }
        while case let copies = try await self.store.freedCopies(limit: 100), !copies.isEmpty {
            for copy in copies {
                try await self.remove(copy)
                try await self.store.forget(copy)
            }
        }
    }

    /// Ends the uploads that have expired.
    func endUploads() async throws {
        for id in try await self.uploads.expired(limit: 1_000) where try await self.removeFile(of: id) {
            try await self.uploads.endExpired(id)
        }
    }

    /// Looks for what was lost sight of.
    func search(grace: Duration = Self.grace) async throws {
        try await self.askHistory(grace: grace)
        try await self.store.releaseOrphans(olderThan: grace)
        try await self.removeStrays(before: Date(timeIntervalSinceNow: -(grace / .seconds(1))))
        try await self.free()
    }

    /// A message was given its file before it was stored, which may have failed.
    private func askHistory(grace: Duration) async throws {
        while case let messages = try await self.store.unconfirmed(olderThan: grace, limit: 500), !messages.isEmpty {
            let stored = try await self.history.carrying(among: messages)
            try await self.store.confirm(messages.filter { stored.contains($0) })
            try await self.store.detach(messages.filter { !stored.contains($0) }, olderThan: grace)
        }
    }

    /// What a process has left that died between storing and recording, or recording and removing.
    private func removeStrays(before time: Date) async throws {
        let waiting = try await Disk.read { try self.partial.uploads(before: time) }
        let unfinished = try await self.uploads.unfinished(among: waiting)
        for id in waiting where !unfinished.contains(id) { _ = try await self.removeFile(of: id) }
        var last: BlobName?
        while case let page = try await self.blobs.list(after: last, limit: 1_000), !page.isEmpty {
            let old = page.filter { $0.storedAt < time }
            let known = try await self.store.known(among: old.map(\.name.copy))
            for blob in old where !known.contains(blob.name.copy) {
                self.logger.notice("bytes that belong to nothing are removed", metadata: ["name": "\(blob.name)"])
                try await self.blobs.remove(blob.name)
            }
            last = page.last?.name
        }
    }

    private func remove(_ copy: String) async throws {
        for kind in BlobName.Kind.allCases { try await self.blobs.remove(BlobName(kind, copy)) }
    }

    /// - Returns: whether there is none any more; somebody may be at work on it.
    private func removeFile(of upload: UUID) async throws -> Bool {
        do {
            try await Disk.write { try self.partial.open(upload).discard() }
        } catch is BlobMissing {
            // It became a file, or never had one.
        } catch MediaError.uploadLocked {
            return false
        }
        return true
    }
}
