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

    /// The names of those that have ended though nobody ended them.
    var dead: [String] {
        get async {
            var names: [String] = []
            for server in self.servers where await server.isDead { names.append(server.name) }
            return names
        }
    }

    /// Under its own directory in /tmp, which the owner of Redis' data can reach.
    static func start(_ options: RunOptions, secret: Secret) async throws -> StartedSystem {
        guard FileManager.default.isExecutableFile(atPath: options.gatewayBinary) else {
            throw RunError("there is no \(options.gatewayBinary); swift build -c release --product Gateway makes it")
        }
        let directory = URL(filePath: "/tmp/teahouse-loadtest-\(ProcessInfo.processInfo.processIdentifier)")
        try FileManager.default.createDirectory(
            at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        let redisPort = try Self.freePort()
        let redis = Self.redis(redisPort, options, directory)
        let address = ListenAddress(port: try Self.freePort())
        let redisURL = "redis://127.0.0.1:\(redisPort)"
        let stub = Self.stub(address, redisURL, options, secret)
        var environment = Dictionary(StubCommand.environment(at: address, secret: secret, redis: redisURL)) { $1 }
        for pair in options.gatewayEnv {
            let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
            environment[parts[0]] = parts.count > 1 ? parts[1] : ""
        }
        let ports = try (0..<options.gateways).map { _ in (public: try Self.freePort(), internal: try Self.freePort()) }
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

    // MARK: Its servers

    private static func redis(_ port: Int, _ options: RunOptions, _ directory: URL) -> StartedServer {
        StartedServer("Redis") {
            let data = directory.appending(path: "redis").path
            let child = try Child("Redis", Self.script, ["redis", data, "\(port)"], cpus: options.workerCpus)
            return try await Self.ending(child) {
                _ = try await child.line(beginning: "ready")
                let text = try String(contentsOfFile: "\(data)/redis.pid", encoding: .utf8)
                guard let pid = Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
                    throw RunError("Redis has written no process id")
                }
                return (child, pid)
            }
        }
    }

    private static func stub(
        _ address: ListenAddress, _ redis: String, _ options: RunOptions, _ secret: Secret
    ) -> StartedServer {
        StartedServer("the stub") {
            let child = try Child(
                "stub", "/proc/self/exe".resolved,
                [
                    "stub", "--address", "\(address)", "--redis", redis, "--until-input-ends", "--history-delay",
                    "\(options.historyDelay)", "--slow", "\(options.slow)",
                ], environment: ["LOADTEST_SECRET": secret.text], cpus: options.workerCpus)
            return try await Self.ending(child) {
                _ = try await child.line(beginning: "ready")
                return (child, child.pid)
            }
        }
    }

    private static func gateway(
        _ number: Int, _ ports: (public: Int, internal: Int), _ options: RunOptions, _ environment: [String: String],
        _ directory: URL
    ) -> StartedServer {
        var environment = environment
        environment["GATEWAY_PUBLIC_ADDRESS"] = "127.0.0.1:\(ports.public)"
        environment["GATEWAY_INTERNAL_ADDRESS"] = "127.0.0.1:\(ports.internal)"
        environment["GATEWAY_NODE_TAG"] = "g\(number)"
        return Self.service(
            "gateway\(number)", options.gatewayBinary, internalPort: ports.internal, environment,
            cpus: options.gatewayCpus,
            directory)
    }

    /// A service does not watch its standard input; a shell does for it, and ends when it has ended. Should the shell be
    /// killed, the service is too.
    static func service(
        _ name: String, _ binary: String, internalPort: Int, _ environment: [String: String], cpus: String?,
        _ directory: URL
    ) -> StartedServer {
        var environment = environment
        environment["TEAHOUSE_LOG_LEVEL"] = environment["TEAHOUSE_LOG_LEVEL"] ?? "warning"
        let log = directory.appending(path: "\(name).log").path
        let script = #"""
            trap '' INT; exec 3<&0; log=$1; shift
            setpriv --pdeathsig KILL -- "$@" >>"$log" 2>&1 </dev/null 3<&- & pid=$!; echo "pid $pid"
            (while read -r _ <&3; do :; done; kill -TERM "$pid") >/dev/null 2>&1 & watcher=$!
            wait "$pid"; kill "$watcher" 2>/dev/null
            """#
        return StartedServer(name) { [environment] in
            let child = try Child(name, "sh", ["-c", script, "sh", log, binary], environment: environment, cpus: cpus)
            return try await Self.ending(child) {
                guard let pid = Int32(try await child.line(beginning: "pid ")) else { throw RunError("no process id") }
                try await Self.awaitReady("http://127.0.0.1:\(internalPort)/ready", child, log: log)
                return (child, pid)
            }
        }
    }

    /// Ends a process that is not to be had as it should.
    static func ending<T>(_ child: Child, _ body: () async throws -> T) async throws -> T {
        do {
            return try await body()
        } catch {
            await child.end()
            throw error
        }
    }

    static func awaitReady(_ url: String, _ child: Child, log: String) async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while await child.isRunning, .now < deadline {
            let answer = try? await HTTPClient.shared.execute(HTTPClientRequest(url: url), timeout: .milliseconds(500))
            if answer?.status == .ok { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        let said = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
        throw RunError("\(child.name) has ended, or is not ready after 30 s; it said:\n\(said.suffix(4_000))")
    }

    func end() async {
        for server in self.servers.reversed() { await server.end() }
        try? FileManager.default.removeItem(at: self.directory)
    }

    /// Beside the sources from which this was built.
    static var script: String {
        URL(filePath: #filePath).appending(path: "../../../../deploy/servers").standardizedFileURL.path
    }

    static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, length) == 0 && getsockname(descriptor, pointer, &length) == 0
            }
        }
        guard isBound else { throw RunError("there is no free port") }
        return Int(UInt16(bigEndian: address.sin_port))
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
