import NIOPosix

/// Where calls that may wait for the disk are made: on a few threads, as disks have few heads, and never on the
/// cooperative pool.
enum Disk {
    private static let threads: NIOThreadPool = {
        let pool = NIOThreadPool(numberOfThreads: 4)
        pool.start()
        return pool
    }()

    static func run<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
        try await self.threads.runIfActive(work)
    }
}
