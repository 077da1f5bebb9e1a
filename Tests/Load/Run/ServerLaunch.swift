import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// How a run's servers are started. Each ends with this process at the latest: it ends when its standard input does.
enum ServerLaunch {
    /// Under its own directory in /tmp, which the owner of the servers' data can reach.
    static func directory() throws -> URL {
        let directory = URL(filePath: "/tmp/teahouse-loadtest-\(ProcessInfo.processInfo.processIdentifier)")
        try FileManager.default.createDirectory(
            at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        return directory
    }

    /// It calls fsync, as it must for measurements.
    static func postgres(port: Int, cpus: String?, in directory: URL) -> StartedServer {
        StartedServer("PostgreSQL") {
            let data = directory.appending(path: "postgres").path
            let child = try Child("PostgreSQL", Self.script, ["postgres", data, "\(port)"], cpus: cpus)
            return try await Self.ending(child) {
                _ = try await child.line(beginning: "ready")
                return (child, try Self.pid(in: "\(data)/data/postmaster.pid"))
            }
        }
    }

    static func redis(port: Int, cpus: String?, in directory: URL) -> StartedServer {
        StartedServer("Redis") {
            let data = directory.appending(path: "redis").path
            let child = try Child("Redis", Self.script, ["redis", data, "\(port)"], cpus: cpus)
            return try await Self.ending(child) {
                _ = try await child.line(beginning: "ready")
                return (child, try Self.pid(in: "\(data)/redis.pid"))
            }
        }
    }

    /// - Parameter arguments: beside the address and the Redis of the stub.
    static func stub(
        at address: String, redis: String, secret: Secret, cpus: String?, _ arguments: [String] = []
    ) -> StartedServer {
        StartedServer("the stub") {
            let child = try Child(
                "stub", "/proc/self/exe".resolved,
                ["stub", "--address", address, "--redis", redis, "--until-input-ends"] + arguments,
                environment: ["LOADTEST_SECRET": secret.text], cpus: cpus)
            return try await Self.ending(child) {
                _ = try await child.line(beginning: "ready")
                return (child, child.pid)
            }
        }
    }

    /// A service of Teahouse. It does not watch its standard input; a shell does for it, and ends when it has ended. Should
    /// the shell be killed, the service is too.
    static func service(
        _ name: String, _ binary: String, environment: [String: String], internalPort: Int, cpus: String?,
        in directory: URL
    ) -> StartedServer {
        let told = ["TEAHOUSE_LOG_LEVEL": "warning"].merging(environment) { $1 }
        let log = directory.appending(path: "\(name).log").path
        let script = #"""
            trap '' INT; exec 3<&0; log=$1; shift
            setpriv --pdeathsig KILL -- "$@" >>"$log" 2>&1 </dev/null 3<&- & pid=$!; echo "pid $pid"
            (while read -r _ <&3; do :; done; kill -TERM "$pid") >/dev/null 2>&1 & watcher=$!
            wait "$pid"; kill "$watcher" 2>/dev/null
            """#
        return StartedServer(name) {
            let child = try Child(name, "sh", ["-c", script, "sh", log, binary], environment: told, cpus: cpus)
            return try await Self.ending(child) {
                guard let pid = Int32(try await child.line(beginning: "pid ")) else { throw RunError("no process id") }
                try await Self.awaitReady("http://127.0.0.1:\(internalPort)/ready", child, log: log)
                return (child, pid)
            }
        }
    }

    /// - Throws: ``RunError`` that names what makes it.
    static func check(binary: String, of product: String) throws {
        guard FileManager.default.isExecutableFile(atPath: binary) else {
            throw RunError("there is no \(binary); swift build -c release --product \(product) makes it")
        }
    }

    /// `KEY=VALUE` pairs, the last of a key.
    static func environment(_ pairs: [String]) -> [String: String] {
        var environment: [String: String] = [:]
        for pair in pairs {
            let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
            environment[parts[0]] = parts.count > 1 ? parts[1] : ""
        }
        return environment
    }

    /// One below those that the kernel gives to clients: a server that ends for a while finds its own again.
    static func freePort() throws -> Int {
        for _ in 0..<1_000 {
            let port = UInt16.random(in: 10_000..<32_768)
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(descriptor) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = inet_addr("127.0.0.1")
            let isFree = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                    bind(descriptor, pointer, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                }
            }
            if isFree { return Int(port) }
        }
        throw RunError("there is no free port")
    }

    /// Ends a process that is not to be had as it should.
    private static func ending<T>(_ child: Child, _ body: () async throws -> T) async throws -> T {
        do {
            return try await body()
        } catch {
            await child.end()
            throw error
        }
    }

    /// The first line of a file that a server has written.
    private static func pid(in file: String) throws -> Int32 {
        let text = try String(contentsOfFile: file, encoding: .utf8)
        guard let pid = text.split(separator: "\n").first.flatMap({ Int32($0) }) else {
            throw RunError("\(file) holds no process id")
        }
        return pid
    }

    private static func awaitReady(_ url: String, _ child: Child, log: String) async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while await child.isRunning, .now < deadline {
            let answer = try? await HTTPClient.shared.execute(HTTPClientRequest(url: url), timeout: .milliseconds(500))
            if answer?.status == .ok { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        let said = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
        throw RunError("\(child.name) has ended, or is not ready after 30 s; it said:\n\(said.suffix(4_000))")
    }

    /// Beside the sources from which this was built.
    private static var script: String {
        URL(filePath: #filePath).appending(path: "../../../../deploy/servers").standardizedFileURL.path
    }
}
