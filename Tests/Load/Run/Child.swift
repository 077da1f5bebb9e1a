import Foundation

/// A process that this one has started, and ends: by closing its standard input, and by its id where that does not help.
///
/// An actor: it may be ended from several places, and is ended once.
actor Child {
    nonisolated let name: String
    nonisolated let pid: Int32
    /// What it prints, line by line; ends with it.
    nonisolated let lines: AsyncStream<String>
    private let process: Process
    private let input: FileHandle
    private let ends: AsyncStream<Void>
    private var hasEnded = false

    /// - Parameters:
    ///   - cpus: where it may run, as `taskset -c` takes it; anywhere where `nil`.
    init(
        _ name: String, _ executable: String, _ arguments: [String], environment: [String: String] = [:],
        cpus: String? = nil
    ) throws {
        let process = Process()
        let command = (cpus.map { ["taskset", "-c", $0] } ?? []) + [executable] + arguments
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        let (ends, end) = AsyncStream<Void>.makeStream()
        process.terminationHandler = { _ in end.finish() }
        try Self.withSignals { try process.run() }
        self.name = name
        self.pid = process.processIdentifier
        self.process = process
        self.input = input.fileHandleForWriting
        self.ends = ends
        self.lines = Self.lines(of: output.fileHandleForReading)
    }

    func send(_ message: some Encodable) throws {
        try self.input.write(contentsOf: JSONEncoder().encode(message) + Data("\n".utf8))
    }

    /// The first line that begins so, without that beginning.
    nonisolated func line(beginning prefix: String) async throws -> String {
        for await line in self.lines where line.hasPrefix(prefix) { return String(line.dropFirst(prefix.count)) }
        throw RunError("\(self.name) has ended before it was ready")
    }

    var isRunning: Bool { self.process.isRunning }

    /// Returns when it is gone by itself, or by a signal that it was sent.
    func wait() async {
        for await _ in self.ends {}
        self.hasEnded = true
        try? self.input.close()
    }

    /// Returns when it is gone. One that does not go in ten seconds is killed.
    func end() async {
        guard !self.hasEnded else { return }
        self.hasEnded = true
        try? self.input.close()
        let pid = self.pid
        let killer = Task {
            try await Task.sleep(for: .seconds(10))
            kill(pid, SIGKILL)
        }
        for await _ in self.ends {}
        killer.cancel()
    }

    /// Reads on a thread of its own: reading blocks.
    private static func lines(of file: FileHandle) -> AsyncStream<String> {
        let (lines, continuation) = AsyncStream<String>.makeStream()
        Thread.detachNewThread {
            var rest = Data()
            // `read(upToCount:)` would wait for as much.
            while case let data = file.availableData, !data.isEmpty {
                rest.append(data)
                while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                    continuation.yield(String(decoding: rest[rest.startIndex..<end], as: UTF8.self))
                    rest = Data(rest[rest.index(after: end)...])
                }
            }
            continuation.finish()
        }
        return lines
    }

    /// Runs `body` with no signal blocked: a child begins with what the thread blocks that starts it, and the threads of
    /// Swift's tasks block nearly all.
    private static func withSignals(_ body: () throws -> Void) rethrows {
        var none = sigset_t()
        var before = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try body()
    }
}

/// Why a run cannot go on.
struct RunError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
