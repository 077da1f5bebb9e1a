import Foundation
import ServiceKit

/// Auth, or Social, with its PostgreSQL, Redis and a stub of the others, started for one run and ended after it.
struct StartedPeople: Sendable {
    let `public`: String
    let `internal`: String
    let database: String
    /// Where the stub tells how often it was asked.
    let stub: String
    private let service: StartedServer
    private let directory: URL
    /// In the order in which they were started.
    private let servers: [StartedServer]

    var pid: Int32? { get async { await self.service.pid } }

    /// The names of those that have ended though nobody ended them.
    var dead: [String] {
        get async {
            var names: [String] = []
            for server in self.servers where await server.isDead { names.append(server.name) }
            return names
        }
    }

    static func start(_ service: ServiceName, _ options: PeopleOptions, secret: Secret) async throws -> StartedPeople {
        let product = service.rawValue.prefix(1).uppercased() + service.rawValue.dropFirst()
        let binary = options.binary ?? ".build/release/\(product)"
        try ServerLaunch.check(binary: binary, of: product)
        let directory = try ServerLaunch.directory()
        let redisPort = try ServerLaunch.freePort()
        let stub = ListenAddress(port: try ServerLaunch.freePort())
        let redis = "redis://127.0.0.1:\(redisPort)"
        var servers = [
            ServerLaunch.redis(port: redisPort, cpus: nil, in: directory),
            ServerLaunch.stub(
                at: "\(stub)", redis: redis, secret: secret, cpus: nil, ["--delay", "0", "--item-delay", "0"]),
        ]
        var database = options.database
        if database == nil {
            let port = try ServerLaunch.freePort()
            servers.insert(ServerLaunch.postgres(port: port, cpus: nil, in: directory), at: 0)
            database = "postgresql://postgres@127.0.0.1:\(port)/postgres"
        }
        let ports = (public: try ServerLaunch.freePort(), internal: try ServerLaunch.freePort())
        let name = service.rawValue.uppercased()
        let environment = Dictionary(StubCommand.environment(at: stub, secret: secret, redis: redis)) { $1 }
            .merging([
                "TEAHOUSE_MODE": "local", "TEAHOUSE_LOG_LEVEL": "warning", "\(name)_DATABASE_URL": database ?? "",
                "\(name)_PUBLIC_ADDRESS": "127.0.0.1:\(ports.public)",
                "\(name)_INTERNAL_ADDRESS": "127.0.0.1:\(ports.internal)",
            ]) { $1 }
            .merging(service == .auth ? ["AUTH_SIGNING_KEYS": secret.signingKeys] : [:]) { $1 }
            .merging(ServerLaunch.environment(options.serviceEnv)) { $1 }
        let server = ServerLaunch.service(
            service.rawValue, binary, environment: environment, internalPort: ports.internal,
            cpus: options.serviceCpus, in: directory)
        let system = StartedPeople(
            public: "http://127.0.0.1:\(ports.public)", internal: "http://127.0.0.1:\(ports.internal)",
            database: database ?? "", stub: "http://\(stub)", service: server, directory: directory,
            servers: servers + [server])
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
