import NIOCore
import NIOPosix
import ServiceLifecycle

/// Keeps the event loops until everything that runs on them has ended.
struct EventLoops: Service {
    let group: MultiThreadedEventLoopGroup

    func run() async throws {
        try? await gracefulShutdown()
        try await self.group.shutdownGracefully()
    }
}
