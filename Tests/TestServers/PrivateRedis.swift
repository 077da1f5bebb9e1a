import Foundation

/// A Redis server of a test's own, to be killed and started again.
package struct PrivateRedis: Sendable {
    private let server: PrivateServer

    package static func start() async throws -> PrivateRedis {
        let server = try PrivateServer(.redis)
        try await server.start()
        return PrivateRedis(server: server)
    }

    package var port: Int { self.server.port }

    package var url: String { "redis://127.0.0.1:\(self.port)" }

    /// As a crash: SIGKILL.
    package func kill() async throws { try await self.server.kill() }

    /// Starts it again, empty, on the same port.
    package func startAgain() async throws { try await self.server.start() }

    package func stop() async { await self.server.stop() }
}

/// Runs `body` with the URL of the Redis server that all tests of this process share, or of `TEST_REDIS_URL`. Keys and
/// channels are everybody's: choose names no other test has.
package func withRedis<T>(
    isolation: isolated (any Actor)? = #isolation, _ body: (String) async throws -> T
) async throws -> T {
    try await body(try await SharedRedis.shared.url())
}

private actor SharedRedis {
    static let shared = SharedRedis()

    private var starting: Task<PrivateRedis, any Error>?

    func url() async throws -> String {
        if let given = ProcessInfo.processInfo.environment["TEST_REDIS_URL"] { return given }
        let starting = self.starting ?? Task { try await PrivateRedis.start() }
        self.starting = starting
        return try await starting.value.url
    }
}
