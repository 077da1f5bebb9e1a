import Logging
import ServiceKit
import ServiceLifecycle

/// Frees the bytes of what nobody can reach any more: of recalled messages and deleted files within seconds, of files that
/// were uploaded for a chatroom and never sent after a day.
///
/// Several instances may sweep at once: each content is freed under a lock that uploads of the same content take too.
struct Sweeper: Service {
    private static let interval = Duration.seconds(5)
    private static let roundsBetweenOrphans = 720

    let store: SweepStore
    let blobs: BlobStore
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var round = 0
            while (try? await Task.sleep(for: Self.interval)) != nil {
                do {
                    if round % Self.roundsBetweenOrphans == 0 { try await self.store.releaseOrphans() }
                    round += 1
                    try await self.free()
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
            for content in contents {
                try await self.store.settle(content) { try await Disk.run { [blobs] in try blobs.remove(content) } }
            }
        }
    }
}
