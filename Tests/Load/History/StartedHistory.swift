import Foundation
import ServiceKit

/// Histories with their PostgreSQL, Redis and the stub, started for one run and ended after it.
struct StartedHistory: Sendable {
    let instances: [HistoryInstance]
    let database: String
    private let histories: [StartedServer]
    private let directory: URL
    /// In the order in which they were started.
    private let servers: [StartedServer]

    var pids: [Int32] {
        get async {
            var pids: [Int32] = []
            for history in self.histories { if let pid = await history.pid { pids.append(pid) } }
            return pids
        }
    }

    /// The names of those that have ended though nobody ended them.
    var dead: [String] {
        get async {
            var names: [String] = []
            for server in self.servers where await server.isDead { names.append(server.name) }
            return names
        }
    }

    static func start(_ options: HistoryOptions, secret: Secret) async throws -> StartedHistory {
        try ServerLaunch.check(binary: options.historyBinary, of: "History")
        let directory = try ServerLaunch.directory()
        let redisPort = try ServerLaunch.freePort()
        let stubAddress = ListenAddress(port: try ServerLaunch.freePort())
        let redisURL = "redis://127.0.0.1:\(redisPort)"
        var servers = [
            ServerLaunch.redis(port: redisPort, cpus: nil, in: directory),
            ServerLaunch.stub(at: "\(stubAddress)", redis: redisURL, secret: secret, cpus: nil),
        ]
        var database = options.database
        if database == nil {
            let port = try ServerLaunch.freePort()
            servers.insert(ServerLaunch.postgres(port: port, cpus: nil, in: directory), at: 0)
            database = "postgresql://postgres@127.0.0.1:\(port)/postgres"
        }
        let common = Dictionary(StubCommand.environment(at: stubAddress, secret: secret, redis: redisURL)) { $1 }
            .merging(["HISTORY_DATABASE_URL": database ?? ""]) { $1 }
            .merging(ServerLaunch.environment(options.historyEnv)) { $1 }
        var instances: [HistoryInstance] = []
        var histories: [StartedServer] = []
        for number in 1...options.instances {
            let ports = (public: try ServerLaunch.freePort(), internal: try ServerLaunch.freePort())
            let own = [
                "HISTORY_PUBLIC_ADDRESS": "127.0.0.1:\(ports.public)",
                "HISTORY_INTERNAL_ADDRESS": "127.0.0.1:\(ports.internal)",
            ]
            instances.append(
                HistoryInstance(
                    public: "http://127.0.0.1:\(ports.public)", internal: "http://127.0.0.1:\(ports.internal)"))
            histories.append(
                ServerLaunch.service(
                    "history\(number)", options.historyBinary, environment: common.merging(own) { $1 },
                    internalPort: ports.internal, cpus: options.historyCpus, in: directory))
        }
        let system = StartedHistory(
            instances: instances, database: database ?? "", histories: histories, directory: directory,
            servers: servers + histories)
        do {
            for server in system.servers { try await server.start() }
            return system
        } catch {
            await system.end()
            throw error
        }
    }

    func end() async {
        for server in self.servers.reversed() { await server.end() }
        try? FileManager.default.removeItem(at: self.directory)
    }
}
