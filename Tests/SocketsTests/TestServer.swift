import Logging
import NIOCore
import NIOPosix
import Testing

@testable import ProtocolServer
@testable import Sockets

/// A real server on two event loops and a free port.
struct TestServer {
    static let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)

    let server: SocketServer
    let port: Int

    static let polling = "EIO=4&transport=polling"
    static let webSocket = "EIO=4&transport=websocket"

    func connect() async throws -> WireClient { try await WireClient(port: self.port) }

    /// One request on a connection of its own.
    func get(_ target: String, headers: [String] = []) async throws -> WireAnswer {
        let client = try await self.connect()
        let answer = try await client.get(target, headers: headers)
        try? await client.abort()
        return answer
    }

    func post(_ target: String, _ body: String, headers: [String] = []) async throws -> WireAnswer {
        let client = try await self.connect()
        let answer = try await client.post(target, body, headers: headers)
        try? await client.abort()
        return answer
    }

    /// Shakes hands over polling.
    func handshake(_ path: String = "/engine.io/") async throws -> PollingSession {
        let answer = try await self.get(path + "?" + Self.polling)
        let sid = try #require(try OpenPacket(answer.body).sid)
        return PollingSession(server: self, path: path, sid: sid)
    }

    func webSocket(_ path: String = "/engine.io/", _ query: String = Self.webSocket) async throws -> WireWebSocket {
        try await WireWebSocket(port: self.port, path + "?" + query)
    }

    /// A WebSocket that has read its open packet.
    func openWebSocket(_ path: String = "/engine.io/") async throws -> WireWebSocket {
        let socket = try await self.webSocket(path)
        guard case .text(let text)? = await socket.next() else { throw ChannelError.eof }
        _ = try OpenPacket(text)
        return socket
    }

    /// A WebSocket that has joined a namespace and read its `auth` event.
    func joined(_ namespace: String = "/") async throws -> WireWebSocket {
        let socket = try await self.openWebSocket("/socket.io/")
        let prefix = namespace == "/" ? "" : namespace + ","
        try await socket.send("40" + prefix)
        guard case .text(let connect)? = await socket.nextBesidesPings() else { throw ChannelError.eof }
        #expect(connect.hasPrefix("40\(prefix){\"sid\":\""))
        #expect(await socket.nextBesidesPings() == .text("42\(prefix)[\"auth\",{}]"))
        return socket
    }

    /// Returns once `condition` holds. Yields in between: what it waits for is under way on the server's loops.
    func until(_ condition: () -> Bool) async {
        while !condition() { await Task.yield() }
    }

    /// Returns once every loop has done what was given to it before.
    func untilLoopsTurned() async {
        for loop in Self.group.makeIterator() { try? await loop.submit {}.get() }
    }
}

/// A session over polling, each request on a connection of its own (so on either loop).
struct PollingSession {
    let server: TestServer
    let path: String
    let sid: String

    var target: String { "\(self.path)?\(TestServer.polling)&sid=\(self.sid)" }

    func get() async throws -> WireAnswer { try await self.server.get(self.target) }
    func post(_ body: String) async throws -> WireAnswer { try await self.server.post(self.target, body) }

    /// Sends a GET and leaves its answer for later.
    func hold() async throws -> WireClient {
        let client = try await self.server.connect()
        try await client.request("GET", self.target)
        return client
    }

    func webSocket() async throws -> WireWebSocket {
        try await self.server.webSocket(self.path, TestServer.webSocket + "&sid=" + self.sid)
    }

    /// A WebSocket whose probe was answered, once an earlier one that was dropped is known to be gone.
    func eventuallyProbing() async throws -> WireWebSocket {
        while true {
            let socket = try await self.webSocket()
            try await socket.send("2probe")
            if await socket.next() == .text("3probe") { return socket }
        }
    }

    /// A WebSocket whose probe was answered.
    func probingWebSocket() async throws -> WireWebSocket {
        let socket = try await self.webSocket()
        try await socket.send("2probe")
        #expect(await socket.next() == .text("3probe"))
        return socket
    }
}

/// Runs `body` with a server that serves the applications of the official suites.
func withServer(
    _ configure: (inout SocketConfiguration) -> Void = { _ in },
    mounts: [(path: String, mount: SocketMount)] = [
        ("/engine.io/", .engine(EchoApplication())), ("/socket.io/", .sockets(SuiteApplication())),
    ],
    _ body: (TestServer) async throws -> Void
) async throws {
    var configuration = SocketConfiguration()
    configuration.crossOrigin = .any
    // On a busy machine a head may follow its connection late.
    configuration.requestTimeout = .seconds(600)
    configure(&configuration)
    let server = SocketServer(
        configuration: configuration, group: TestServer.group, mounts: mounts, logger: Logger(label: "test"))
    let address = try await server.start(host: "127.0.0.1", port: 0)
    do {
        try await body(TestServer(server: server, port: address.port ?? 0))
    } catch {
        await server.stop()
        throw error
    }
    await server.stop()
}
