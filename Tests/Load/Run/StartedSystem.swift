import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import ServiceKit

/// A private Redis, a stub and Gateways, started for one run and ended after it. All of them end with this process at the
/// latest: each ends when its standard input does.
struct StartedSystem: Sendable {
    let targets: [Target]
    let stub: String
    let redis: StartedServer
    let gateways: [StartedServer]
    private let redisPort: Int
    private let directory: URL
    /// In the order in which they were started.
    private let servers: [StartedServer]

    var gatewayPIDs: [Int32] {
        get async {
            var pids: [Int32] = []
            for gateway in self.gateways { if let pid = await gateway.pid { pids.append(pid) } }
            return pids
        }
    }

    /// Of the stub and Redis.
    var otherPIDs: [Int32] {
        get async {
            var pids: [Int32] = []
            for server in self.servers.prefix(2) { if let pid = await server.pid { pids.append(pid) } }
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

    static func start(_ options: RunOptions, secret: Secret) async throws -> StartedSystem {
        try ServerLaunch.check(binary: options.gatewayBinary, of: "Gateway")
        let directory = try ServerLaunch.directory()
        let redisPort = try ServerLaunch.freePort()
        let redis = ServerLaunch.redis(port: redisPort, cpus: options.workerCpus, in: directory)
        let address = ListenAddress(port: try ServerLaunch.freePort())
        let redisURL = "redis://127.0.0.1:\(redisPort)"
        let stub = ServerLaunch.stub(
            at: "\(address)", redis: redisURL, secret: secret, cpus: options.workerCpus,
            ["--history-delay", "\(options.historyDelay)", "--slow", "\(options.slow)"])
        let environment = Dictionary(StubCommand.environment(at: address, secret: secret, redis: redisURL)) { $1 }
            .merging(ServerLaunch.environment(options.gatewayEnv)) { $1 }
        let ports = try (0..<options.gateways).map { _ in
            (public: try ServerLaunch.freePort(), internal: try ServerLaunch.freePort())
        }
        let gateways = ports.enumerated().map { index, ports in
            Self.gateway(index + 1, ports, options, environment, directory)
        }
        let system = StartedSystem(
            targets: ports.map { Target(host: "127.0.0.1", port: $0.public) }, stub: "http://\(address)", redis: redis,
            gateways: gateways, redisPort: redisPort, directory: directory, servers: [redis, stub] + gateways)
        do {
            for server in system.servers { try await server.start() }
            return system
        } catch {
            await system.end()
            throw error
        }
    }

    /// - Throws: where it refuses, or is not there.
    func tellRedis(_ command: String...) async throws {
        let client = try Child("redis-cli", "redis-cli", ["-h", "127.0.0.1", "-p", "\(self.redisPort)"] + command)
        let answer = try? await client.line(beginning: "")
        await client.end()
        guard let answer, !answer.hasPrefix("ERR") else {
            throw RunError("Redis did not do \(command): \(answer ?? "it did not answer")")
        }
    }

    private static func gateway(
        _ number: Int, _ ports: (public: Int, internal: Int), _ options: RunOptions, _ environment: [String: String],
        _ directory: URL
    ) -> StartedServer {
        let own = [
            "GATEWAY_PUBLIC_ADDRESS": "127.0.0.1:\(ports.public)",
            "GATEWAY_INTERNAL_ADDRESS": "127.0.0.1:\(ports.internal)", "GATEWAY_NODE_TAG": "g\(number)",
        ]
        return ServerLaunch.service(
            "gateway\(number)", options.gatewayBinary, environment: environment.merging(own) { $1 },
            internalPort: ports.internal, cpus: options.gatewayCpus, in: directory)
    }

    func end() async {
        for server in self.servers.reversed() { await server.end() }
        try? FileManager.default.removeItem(at: self.directory)
    }
}

/// How often the stub was asked, by what.
enum StubCounts {
    static func fetch(_ base: String, secret: Secret) async -> [String: Stub.Count]? {
        var request = HTTPClientRequest(url: "\(base)/counts")
        request.headers.add(name: "authorization", value: "Bearer \(secret.serviceKey(of: "gateway"))")
        guard let answer = try? await HTTPClient.shared.execute(request, timeout: .seconds(5)),
            let body = try? await answer.body.collect(upTo: 1 << 20)
        else { return nil }
        return try? JSONDecoder().decode([String: Stub.Count].self, from: Data(body.readableBytesView))
    }
}
