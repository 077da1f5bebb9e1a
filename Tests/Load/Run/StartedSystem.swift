import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import ServiceKit

/// A private Redis, a stub and Gateways, started for one run and ended after it. All of them end with this process at the
/// latest: each ends when its standard input does.
struct StartedSystem {
    let targets: [Target]
    let gatewayPIDs: [Int32]
    let stub: String
    private let directory: URL
    private let children: [Child]

    /// Under its own directory in /tmp, which the owner of Redis' data can reach.
    static func start(_ options: RunOptions, secret: Secret) async throws -> StartedSystem {
        let directory = URL(filePath: "/tmp/teahouse-loadtest-\(ProcessInfo.processInfo.processIdentifier)")
        try FileManager.default.createDirectory(
            at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        var children: [Child] = []
        do {
            let redisPort = try Self.freePort()
            let redis = try Child(
                "Redis", Self.script, ["redis", directory.appending(path: "redis").path, "\(redisPort)"],
                cpus: options.workerCpus)
            children.append(redis)
            _ = try await redis.line(beginning: "ready")

            let address = ListenAddress(port: try Self.freePort())
            let redisURL = "redis://127.0.0.1:\(redisPort)"
            let stub = try Child(
                "stub", "/proc/self/exe".resolved,
                [
                    "stub", "--address", "\(address)", "--redis", redisURL, "--until-input-ends", "--history-delay",
                    "\(options.historyDelay)", "--slow", "\(options.slow)",
                ], environment: ["LOADTEST_SECRET": secret.text], cpus: options.workerCpus)
            children.append(stub)
            _ = try await stub.line(beginning: "ready")

            var environment = Dictionary(
                StubCommand.environment(at: address, secret: secret, redis: redisURL)
            ) { $1 }
            for pair in options.gatewayEnv {
                let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
                environment[parts[0]] = parts.count > 1 ? parts[1] : ""
            }
            var targets: [Target] = []
            var pids: [Int32] = []
            for number in 1...options.gateways {
                let (child, target, pid) = try await Self.gateway(number, options, environment, directory)
                children.append(child)
                targets.append(target)
                pids.append(pid)
            }
            return StartedSystem(
                targets: targets, gatewayPIDs: pids, stub: "http://\(address)", directory: directory,
                children: children)
        } catch {
            for child in children.reversed() { await child.end() }
            throw error
        }
    }

    /// A Gateway does not watch its standard input; the shell around it does.
    private static func gateway(
        _ number: Int, _ options: RunOptions, _ environment: [String: String], _ directory: URL
    ) async throws -> (Child, Target, Int32) {
        guard FileManager.default.isExecutableFile(atPath: options.gatewayBinary) else {
            throw RunError("there is no \(options.gatewayBinary); swift build -c release --product Gateway makes it")
        }
        let (port, internalPort) = (try Self.freePort(), try Self.freePort())
        var environment = environment
        environment["GATEWAY_PUBLIC_ADDRESS"] = "127.0.0.1:\(port)"
        environment["GATEWAY_INTERNAL_ADDRESS"] = "127.0.0.1:\(internalPort)"
        environment["GATEWAY_NODE_TAG"] = "g\(number)"
        environment["TEAHOUSE_LOG_LEVEL"] = environment["TEAHOUSE_LOG_LEVEL"] ?? "warning"
        let log = directory.appending(path: "gateway\(number).log").path
        let script = #"""
            trap '' INT; log=$1; shift; "$@" >"$log" 2>&1 </dev/null & pid=$!; echo "pid $pid"
            while read -r _; do :; done; kill -TERM "$pid" 2>/dev/null; wait "$pid"
            """#
        let child = try Child(
            "gateway\(number)", "sh", ["-c", script, "sh", log, options.gatewayBinary],
            environment: environment, cpus: options.gatewayCpus)
        do {
            guard let pid = Int32(try await child.line(beginning: "pid ")) else { throw RunError("no process id") }
            try await Self.awaitReady("http://127.0.0.1:\(internalPort)/ready", log: log)
            return (child, Target(host: "127.0.0.1", port: port), pid)
        } catch {
            await child.end()
            throw error
        }
    }

    private static func awaitReady(_ url: String, log: String) async throws {
        for _ in 0..<300 {
            let answer = try? await HTTPClient.shared.execute(HTTPClientRequest(url: url), timeout: .seconds(2))
            if answer?.status == .ok { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw RunError(
            "a Gateway is not ready after 30 s; it said:\n\((try? String(contentsOfFile: log, encoding: .utf8)) ?? "")")
    }

    func end() async {
        for child in self.children.reversed() { await child.end() }
        try? FileManager.default.removeItem(at: self.directory)
    }

    /// Beside the sources from which this was built.
    private static var script: String {
        URL(filePath: #filePath).appending(path: "../../../../deploy/servers").standardizedFileURL.path
    }

    private static func freePort() throws -> Int {
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
