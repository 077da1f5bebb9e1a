import NIOCore
import Testing

@testable import Sockets

/// The official Engine.IO suite, line by line (SOCKETIO.md §17), with `/engine.io/` echoing every message.
@Suite(.timeLimit(.minutes(10)))
struct EngineSuiteTests {
    private static let path = "/engine.io/"

    // MARK: Handshake

    @Test func `E01 a polling handshake answers with exactly the five keys`() async throws {
        try await withServer { server in
            let answer = try await server.get("/engine.io/?EIO=4&transport=polling")
            #expect(answer.status == 200)
            #expect(answer.headers["content-type"] == "text/plain; charset=UTF-8")
            let open = try OpenPacket(answer.body)
            #expect(open.keys == ["sid", "upgrades", "pingInterval", "pingTimeout", "maxPayload"])
            #expect(open.upgrades == ["websocket"])
            #expect([open.pingInterval, open.pingTimeout, open.maxPayload] == [25_000, 20_000, 1_000_000])
            #expect(try #require(open.sid).wholeMatch(of: /n1-[A-Za-z0-9_-]{20,}/) != nil)
        }
    }

    @Test(arguments: ["transport=polling", "EIO=abc&transport=polling"])
    func `E02 a polling handshake without version 4 is refused`(_ query: String) async throws {
        try await withServer { server in
            let answer = try await server.get("/engine.io/?" + query)
            #expect(answer.status == 400)
        }
    }

    @Test(arguments: ["EIO=4", "EIO=4&transport=abc"])
    func `E03 a handshake without a known transport is refused`(_ query: String) async throws {
        try await withServer { server in
            let answer = try await server.get("/engine.io/?" + query)
            #expect(answer.status == 400)
        }
    }

    @Test(arguments: ["POST", "PUT"])
    func `E04 a handshake by another method than GET is refused`(_ method: String) async throws {
        try await withServer { server in
            let client = try await server.connect()
            try await client.request(method, "/engine.io/?EIO=4&transport=polling")
            #expect(try await client.answer().status == 400)
        }
    }

    @Test func `E05 a WebSocket handshake answers the same with no upgrades`() async throws {
        try await withServer { server in
            let socket = try await server.webSocket()
            guard case .text(let text)? = await socket.next() else {
                Issue.record("no text came")
                return
            }
            let open = try OpenPacket(text)
            #expect(open.keys == ["sid", "upgrades", "pingInterval", "pingTimeout", "maxPayload"])
            #expect(open.upgrades.isEmpty)
        }
    }

    @Test(arguments: [
        "transport=websocket", "EIO=abc&transport=websocket", "EIO=4", "EIO=4&transport=abc", "EIO=4&transport=polling",
    ])
    func `E06 E07 a WebSocket of a wrong version or transport is refused before the 101`(_ query: String) async throws {
        try await withServer { server in
            let client = try await server.connect()
            let answer = try await WireWebSocket.request(client, "/engine.io/?" + query, headers: [])
            #expect(answer.status == 400)
            #expect(answer.headers["connection"] == "close")
            #expect(await client.readToEnd().readableBytes == 0)
        }
    }

    // MARK: Messages

    @Test func `E08 a text message over polling comes back`() async throws {
        try await withServer { server in
            let session = try await server.handshake()
            let posted = try await session.post("4hello")
            #expect(posted.status == 200)
            #expect(posted.body == "ok")
            #expect(posted.headers["content-type"] == "text/html")
            #expect(try await session.get().body == "4hello")
        }
    }

    @Test func `E09 three packets in one body come back in one body`() async throws {
        try await withServer { server in
            let session = try await server.handshake()
            #expect(try await session.post("4test1\u{1E}4test2\u{1E}4test3").body == "ok")
            #expect(try await session.get().body == "4test1\u{1E}4test2\u{1E}4test3")
        }
    }

    @Test func `E10 text and binary come back in one body`() async throws {
        try await withServer { server in
            let session = try await server.handshake()
            #expect(try await session.post("4hello\u{1E}bAQIDBA==").body == "ok")
            #expect(try await session.get().body == "4hello\u{1E}bAQIDBA==")
        }
    }

    @Test func `E11 a malformed body ends the session`() async throws {
        try await withServer { server in
            let session = try await server.handshake()
            #expect(try await session.post("abc").status == 400)
            #expect(try await session.get().status == 400)
        }
    }

    @Test func `E12 of two GETs one is told the close, the other refused, and the session is over`() async throws {
        try await withServer { server in
            let session = try await server.handshake()
            let first = try await session.hold()
            let second = try await session.hold()
            let answers = [try await first.answer(), try await second.answer()].sorted { $0.status < $1.status }
            #expect(answers.map(\.status) == [200, 400])
            #expect(answers.map(\.body) == ["1", ""])
            #expect(try await session.get().status == 400)
        }
    }

    @Test func `E13 a GET given up by the client ends the session`() async throws {
        try await withServer { server in
            let session = try await server.handshake()
            try await session.hold().abort()
            await server.until { server.server.sessionCount == 0 }
            #expect(try await session.get().status == 400)
        }
    }

    @Test func `E14 a text message over WebSocket comes back`() async throws {
        try await withServer { server in
            let socket = try await server.openWebSocket()
            try await socket.send("4hello")
            #expect(await socket.next() == .text("4hello"))
        }
    }

    @Test func `E15 a binary message over WebSocket comes back as a binary frame`() async throws {
        try await withServer { server in
            let socket = try await server.openWebSocket()
            try await socket.send(binary: [1, 2, 3, 4])
            #expect(await socket.next() == .binary([1, 2, 3, 4]))
        }
    }

    @Test func `E16 a malformed packet over WebSocket ends the session`() async throws {
        try await withServer { server in
            let socket = try await server.openWebSocket()
            try await socket.send("abc")
            #expect(await socket.isClosedByServer())
        }
    }

    // MARK: Heartbeat

    /// Pings often, and gives a busy machine time to answer them.
    private func heartbeat(_ configuration: inout SocketConfiguration) {
        configuration.pingInterval = .milliseconds(100)
        configuration.pingTimeout = .seconds(20)
    }

    /// Gives up soon.
    private func impatient(_ configuration: inout SocketConfiguration) {
        configuration.pingInterval = .milliseconds(60)
        configuration.pingTimeout = .milliseconds(40)
    }

    @Test func `E17 pings come over polling and pongs keep the session`() async throws {
        try await withServer(self.heartbeat) { server in
            let session = try await server.handshake()
            for _ in 0..<3 {
                #expect(try await session.get().body == "2")
                #expect(try await session.post("3").status == 200)
            }
        }
    }

    @Test func `E18 without a pong a polling session ends, to the millisecond`() async throws {
        try await withServer(self.impatient) { server in
            let session = try await server.handshake()
            let answered = NIODeadline.now()
            await server.until { NIODeadline.now() >= answered + .milliseconds(100) }
            #expect(try await session.get().status == 400)
        }
    }

    @Test func `E19 pings come over WebSocket and pongs keep the session`() async throws {
        try await withServer(self.heartbeat) { server in
            let socket = try await server.openWebSocket()
            for _ in 0..<3 {
                #expect(await socket.next() == .text("2"))
                try await socket.send("3")
            }
        }
    }

    @Test func `E20 without a pong a WebSocket is closed`() async throws {
        try await withServer(self.impatient) { server in
            let socket = try await server.openWebSocket()
            #expect(await socket.isClosedByServer())
        }
    }

    // MARK: Close

    @Test func `E21 the client's close over polling releases its GET with a noop`() async throws {
        try await withServer { server in
            let session = try await server.handshake()
            let held = try await session.hold()
            // A slow machine may take longer than the grace for a GET that races with the close.
            while try await server.heldRequests() == 0 {}
            #expect(try await session.post("1").body == "ok")
            let answer = try await held.answer()
            #expect(answer.status == 200)
            #expect(answer.body == "6")
            #expect(try await session.get().status == 400)
        }
    }

    @Test func `E22 the client's close over WebSocket ends it`() async throws {
        try await withServer { server in
            let socket = try await server.openWebSocket()
            try await socket.send("1")
            #expect(await socket.isClosedByServer())
        }
    }

    // MARK: Upgrade

    @Test func `E23 an upgrade releases GETs with a noop and then echoes over the WebSocket`() async throws {
        try await withServer { server in
            let session = try await server.handshake()
            let socket = try await session.probingWebSocket()
            let released = try await session.get()
            #expect(released.status == 200)
            #expect(released.body == "6")
            try await socket.send("5")
            try await socket.send("4hello")
            #expect(await socket.next() == .text("4hello"))
        }
    }

    @Test func `E24 after probe and upgrade in one go polling is refused and the WebSocket echoes`() async throws {
        try await withServer { server in
            let session = try await server.handshake()
            let socket = try await session.webSocket()
            try await socket.send("2probe")
            try await socket.send("5")
            #expect(try await session.get().status == 400)
            #expect(await socket.next() == .text("3probe"))
            try await socket.send("4hello")
            #expect(await socket.next() == .text("4hello"))
        }
    }

    @Test func `E25 a second WebSocket of an upgraded session is closed and the first goes on`() async throws {
        try await withServer { server in
            let session = try await server.handshake()
            let socket = try await session.webSocket()
            try await socket.send("2probe")
            try await socket.send("5")
            let second = try await session.webSocket()
            #expect(await second.isClosedByServer())
            #expect(await socket.next() == .text("3probe"))
            try await socket.send("4hello")
            #expect(await socket.next() == .text("4hello"))
        }
    }
}
