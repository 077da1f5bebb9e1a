import Foundation

/// One server of a test's own, run by `deploy/servers` in a directory and on a port of its own.
///
/// It ends with the test process at the latest: the script stops it when its standard input closes.
actor PrivateServer {
    enum Kind: String {
        case postgres, redis

        /// Where the server leaves its process id, in its directory.
        var pidFile: String { self == .postgres ? "data/postmaster.pid" : "redis.pid" }
    }

    nonisolated let kind: Kind
    nonisolated let port: Int
    nonisolated let directory: URL
    private let isDurable: Bool
    private var script: Process?
    /// Finishes when the script has ended.
    private var ends: AsyncStream<Void>?
    private var input: FileHandle?

    /// - Parameter isDurable: whether PostgreSQL calls fsync, as it must for measurements.
    init(_ kind: Kind, isDurable: Bool = false) throws {
        self.kind = kind
        self.port = try Self.freePort()
        self.isDurable = isDurable
        self.directory = try TestDirectory.make(for: "\(kind.rawValue)-\(self.port)")
    }

    /// Starts the server on its directory, also again, and returns when it answers.
    func start() async throws {
        precondition(self.script == nil, "the server runs already")
        let script = Process()
        script.executableURL =
            URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../deploy/servers").standardizedFileURL
        script.arguments = [self.kind.rawValue, self.directory.path, "\(self.port)"]
        script.environment = ProcessInfo.processInfo.environment.merging(
            ["THROWAWAY": self.isDurable ? "0" : "1"]
        ) { $1 }
        let (input, output) = (Pipe(), Pipe())
        script.standardInput = input
        script.standardOutput = output
        // `waitUntilExit` would turn a run loop all the time it waits.
        let (ends, end) = AsyncStream<Void>.makeStream()
        script.terminationHandler = { _ in end.finish() }
        try Self.withSignals { try script.run() }
        self.ends = ends
        self.script = script
        self.input = input.fileHandleForWriting

        let told = await onThread { output.fileHandleForReading.readLine() }
        guard told == "ready" else {
            await self.stop()
            throw TestServerError(message: "\(self.kind.rawValue) did not start in \(self.directory.path)")
        }
    }

    /// Makes the data directory a copy of that of another PostgreSQL, to be started as its streaming replica.
    func copyData(of port: Int) async throws {
        let script = #"""
            set -e; bin=$(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin | sort -V | tail -n 1)
            "$bin/pg_basebackup" -h 127.0.0.1 -p "$2" -U postgres -D "$1/data" -R -X stream -c fast --no-sync
            [ "$(id -u)" -ne 0 ] || chown -R postgres "$1"
            """#
        let copying = Process()
        copying.executableURL = URL(filePath: "/bin/sh")
        copying.arguments = ["-c", script, "sh", self.directory.path, "\(port)"]
        let (ends, end) = AsyncStream<Void>.makeStream()
        copying.terminationHandler = { _ in end.finish() }
        try Self.withSignals { try copying.run() }
        for await _ in ends {}
        guard copying.terminationStatus == 0 else {
            throw TestServerError(message: "the data of the server at \(port) could not be copied")
        }
    }

    /// Ends the server as a crash would, with SIGKILL, and returns when its process is gone.
    func kill() async throws {
        let pid = try self.pid
        guard Glibc.kill(pid, SIGKILL) == 0 else { throw TestServerError(message: "no process \(pid)") }
        await self.awaitEnd()
    }

    /// To the server's first process and all its children.
    func signal(_ signal: Int32) throws {
        let pid = try self.pid
        let children = try String(contentsOfFile: "/proc/\(pid)/task/\(pid)/children", encoding: .utf8)
        for pid in [pid] + children.split(separator: " ").compactMap({ pid_t($0) }) { Glibc.kill(pid, signal) }
    }

    private var pid: pid_t {
        get throws {
            let file = self.directory.appending(path: self.kind.pidFile)
            let text = try String(contentsOf: file, encoding: .utf8)
            guard let pid = text.split(whereSeparator: \.isWhitespace).first.flatMap({ pid_t($0) }), pid > 1 else {
                throw TestServerError(message: "no process id in \(file.path)")
            }
            return pid
        }
    }

    /// Ends the server in order.
    func stop() async {
        self.script?.terminate()
        await self.awaitEnd()
    }

    private func awaitEnd() async {
        guard let script = self.script else { return }
        if script.isRunning, let ends = self.ends { for await _ in ends {} }
        try? self.input?.close()
        self.input = nil
        self.script = nil
    }

    /// Runs `body` with no signal blocked. A child begins with what the thread blocks that starts it, and the threads of
    /// Swift's tasks block nearly all: the script would never hear that it is to stop.
    private static func withSignals(_ body: () throws -> Void) rethrows {
        var none = sigset_t()
        var before = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try body()
    }

    /// Asks the kernel; another process may still take it in between, which the start would tell.
    /// One below those that the kernel gives to clients: a server that ends for a while finds its own again.
    private static func freePort() throws -> Int {
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
        throw TestServerError(message: "no free port")
    }
}

package struct TestServerError: Error, CustomStringConvertible {
    let message: String
    package var description: String { self.message }
}

/// Runs `body`, which blocks, on a thread of its own.
func onThread<T: Sendable>(_ body: @escaping @Sendable () -> T) async -> T {
    await withCheckedContinuation { continuation in
        Thread.detachNewThread { continuation.resume(returning: body()) }
    }
}

extension FileHandle {
    /// Bytes up to the end of a line or of the file.
    fileprivate func readLine() -> String {
        var line: [UInt8] = []
        while let byte = try? self.read(upToCount: 1)?.first, byte != UInt8(ascii: "\n") { line.append(byte) }
        return String(decoding: line, as: UTF8.self)
    }
}
