import Foundation

/// One server of a ``StartedSystem``, which can be killed and started again as the same one.
actor StartedServer {
    typealias Launch = @Sendable () async throws -> (child: Child, pid: Int32)

    nonisolated let name: String
    private let launch: Launch
    /// The process that is talked to, and the server's own id: a shell is between them.
    private var running: (child: Child, pid: Int32)?

    init(_ name: String, _ launch: @escaping Launch) {
        self.name = name
        self.launch = launch
    }

    var pid: Int32? { self.running?.pid }

    /// Whether it has ended though nobody ended it.
    var isDead: Bool {
        get async {
            guard let running = self.running else { return false }
            return await !running.child.isRunning
        }
    }

    /// Returns when it is ready.
    func start() async throws { self.running = try await self.launch() }

    /// `kill -9`.
    func kill() async { await self.signal(SIGKILL) }

    /// Returns when it has ended by itself.
    func terminate() async { await self.signal(SIGTERM) }

    func end() async {
        await self.running?.child.end()
        self.running = nil
    }

    private func signal(_ signal: Int32) async {
        guard let running = self.running else { return }
        self.running = nil
        Foundation.kill(running.pid, signal)
        await running.child.wait()
    }
}
