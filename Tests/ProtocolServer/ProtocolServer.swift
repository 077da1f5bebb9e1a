import Foundation
import Logging
import NIOCore
import NIOPosix
import Sockets

/// What the official suites of Engine.IO and Socket.IO, Autobahn and load generators test against: `/engine.io/` and the
/// bare WebSocket `/echo` send every message back, `/socket.io/` has the namespaces `/` and `/custom`, and rooms.
@main
struct ProtocolServer {
    /// Not `async`: what libdispatch does with the main thread then, valgrind does not survive.
    static func main() {
        // Detached: a task of the main actor would wait for the main thread.
        Task.detached {
            do {
                try await self.serve(Flags(Array(CommandLine.arguments.dropFirst())))
            } catch {
                FileHandle.standardError.write(Data("ProtocolServer: \(error)\n".utf8))
                exit(error is Flags.UsageError ? 64 : 1)
            }
        }
        while true { pause() }
    }

    private static func serve(_ flags: Flags) async throws {
        var configuration = SocketConfiguration()
        configuration.pingInterval = .milliseconds(flags["ping-interval"] ?? 300)
        configuration.pingTimeout = .milliseconds(flags["ping-timeout"] ?? 200)
        configuration.connectTimeout = .milliseconds(flags["connect-timeout"] ?? 1000)
        configuration.crossOrigin = .any
        configuration.maxPayloadBytes = flags["max-payload"] ?? configuration.maxPayloadBytes
        configuration.maxQueuedBytes = max(configuration.maxQueuedBytes, 2 * configuration.maxPayloadBytes)
        // A load generator shakes hands as fast as it can.
        configuration.maxHandshakesPerSecond = 1_000_000
        configuration.maxHandshakesUnderWay = configuration.maxSessions
        let group = MultiThreadedEventLoopGroup(numberOfThreads: flags["event-loops"] ?? 2)
        let rooms = NamedRooms()
        let server = SocketServer(
            configuration: configuration, group: group,
            mounts: [
                ("/engine.io/", .engine(EchoApplication())), ("/socket.io/", .sockets(SuiteApplication(rooms: rooms))),
                ("/echo/", .webSocket(EchoApplication())),
            ],
            logger: Logger(label: "ProtocolServer"))
        rooms.serve(server)
        let address = try await server.start(host: "127.0.0.1", port: flags["port"] ?? 3000)
        // Not by `print`, which a pipe would keep in its buffer.
        FileHandle.standardOutput.write(Data("listening on \(address.port ?? 0)\n".utf8))
        while true { try await Task.sleep(for: .seconds(3600)) }
    }
}

/// `--name number`, each once or not at all.
struct Flags {
    private static let known = [
        "port", "ping-interval", "ping-timeout", "connect-timeout", "event-loops", "max-payload",
    ]
    private var values: [String: Int] = [:]

    init(_ arguments: [String]) throws {
        var rest = arguments[...]
        while let flag = rest.popFirst() {
            guard flag.hasPrefix("--"), Self.known.contains(String(flag.dropFirst(2))),
                let value = rest.popFirst().flatMap({ Int($0) }), value >= 0
            else { throw UsageError() }
            self.values[String(flag.dropFirst(2))] = value
        }
    }

    subscript(name: String) -> Int? { self.values[name] }

    struct UsageError: Error, CustomStringConvertible {
        var description: String {
            "usage: ProtocolServer " + Flags.known.map { "[--\($0) number]" }.joined(separator: " ")
        }
    }
}
