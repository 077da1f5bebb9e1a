import ChatAPI
import Foundation
import NIOPosix

/// Where calls that may wait for the disk are made: on a few threads, as disks have few heads, and never on the
/// cooperative pool. Who reads does not wait for who writes and syncs, which may take seconds.
enum Disk {
    private static let readers = pool()
    private static let writers = pool()

    private static func pool() -> NIOThreadPool {
        let pool = NIOThreadPool(numberOfThreads: 4)
        pool.start()
        return pool
    }

    static func read<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
        try await self.readers.runIfActive(work)
    }

    static func write<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
        try await self.writers.runIfActive(work)
    }

    /// How much there is of the disk that holds a folder, and how much is left.
    static func space(at path: String) throws -> ServiceStatus.Disk {
        let attributes = try FileManager.default.attributesOfFileSystem(forPath: path)
        func bytes(_ key: FileAttributeKey) -> Int64 { (attributes[key] as? NSNumber)?.int64Value ?? 0 }
        return ServiceStatus.Disk(
            path: path, freeBytes: bytes(.systemFreeSize), totalBytes: bytes(.systemSize))
    }
}
