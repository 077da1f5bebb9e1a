import Glibc
import Logging
import NIOCore
import Testing

@testable import ProtocolServer
@testable import Sockets

/// What the suites do not try: odd requests, sizes, races, slow and vanishing clients.
@Suite(.timeLimit(.minutes(10)))
struct TransportTests {
    // MARK: HTTP

    @Test func `a connection serves request after request and then becomes a WebSocket`() async throws {
        try await withServer { server in
            // On either loop: the next connection of the two is the other's.
            for _ in 0..<2 {
                let client = try await server.connect()
                let opened = try await client.get("/engine.io/?" + TestServer.polling)
                let sid = try #require(try OpenPacket(opened.body).sid)
                #expect(try await client.post("/engine.io/?\(TestServer.polling)&sid=\(sid)", "4x").body == "ok")
                #expect(try await client.get("/engine.io/?\(TestServer.polling)&sid=\(sid)").body == "4x")
                let socket = try await WireWebSocket(
                    upgrading: client, "/engine.io/?\(TestServer.webSocket)&sid=\(sid)")
                try await socket.send("2probe")
                #expect(await socket.next() == .text("3probe"))
                try await socket.send("5")
                try await socket.send("4y")
                #expect(await socket.next() == .text("4y"))
            }
        }
    }

    @Test func `a port that has a server is refused to another one`() async throws {
        try await withServer { server in
            let other = SocketServer(
                configuration: SocketConfiguration(), group: TestServer.group, mounts: [], logger: Logger(label: "test")
            )
            let error = await #expect(throws: IOError.self) {
                try await other.start(host: "127.0.0.1", port: server.port)
            }
            #expect(error?.errnoCode == EADDRINUSE)
        }
    }

    @Test func `requests sent ahead are answered in order`() async throws {
        try await withServer { server in
            let session = try await server.handshake()
            let client = try await server.connect()
            try await client.request("POST", session.target, body: "4a")
            try await client.request("GET", session.target)
            try await client.request("POST", session.target, body: "4b")
            try await client.request("GET", session.target)
            #expect(try await client.answer().body == "ok")
            #expect(try await client.answer().body == "4a")
            #expect(try await client.answer().body == "ok")
            #expect(try await client.answer().body == "4b")
        }
    }

    @Test func `frames sent along with the upgrade request are not lost, on either loop`() async throws {
        try await withServer { server in
            for _ in 0..<4 {
                let session = try await server.handshake()
                let client = try await server.connect()
                var bytes = ByteBuffer(
                    string: "GET /engine.io/?\(TestServer.webSocket)&sid=\(session.sid) HTTP/1.1\r\n"
                        + "Host: a\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
                        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
                for packet in ["2probe", "5", "4early"] {
                    bytes.writeImmutableBuffer(WireWebSocket.frame(0x81, Array(packet.utf8)))
                }
                try await client.send(bytes)
                #expect(try await client.answer().status == 101)
                let socket = WireWebSocket(of: client)
                #expect(await socket.next() == .text("3probe"))
                #expect(await socket.next() == .text("4early"))
            }
        }
    }

    @Test func `bodies may be chunked and split anywhere`() async throws {
        try await withServer { server in
            let session = try await server.handshake()
            let client = try await server.connect()
            let head = "POST \(session.target) HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            for part in [head, "3\r\n4te\r\n", "2\r", "\nst\r\n0\r\n", "\r\n"] { try await client.send(part) }
            #expect(try await client.answer().body == "ok")
            #expect(try await session.get().body == "4test")
        }
    }

    @Test func `a client that asks whether to go on is told to`() async throws {
        try await withServer { server in
            let session = try await server.handshake()
            let client = try await server.connect()
            try await client.send(
                "POST \(session.target) HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
            #expect(await client.read(upTo: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
            try await client.send("4x")
            #expect(try await client.answer().body == "ok")
        }
    }

    @Test(arguments: [true, false])
    func `a body larger than maxPayload is 413 and the session over`(_ isAnnounced: Bool) async throws {
        try await withServer {
            $0.maxPayloadBytes = 1000
        } _: { server in
            let session = try await server.handshake()
            #expect(try await session.post("4" + String(repeating: "x", count: 999)).status == 200)
            let client = try await server.connect()
            let body = String(repeating: "x", count: 1001)
            let length = isAnnounced ? "Content-Length: 1001" : "Transfer-Encoding: chunked"
            try await client.send("POST \(session.target) HTTP/1.1\r\nHost: a\r\n\(length)\r\n\r\n")
            if !isAnnounced { try await client.send("3e9\r\n\(body)\r\n0\r\n\r\n") }
            let answer = try await client.answer()
            #expect(answer.status == 413)
            #expect(answer.body == #"{"code":"too_large","message":"The body is too large"}"#)
            #expect(try await session.get().status == 400)
        }
    }

    @Test func `a binary body is refused and the session over`() async throws {
        try await withServer { server in
            let session = try await server.handshake()
            let client = try await server.connect()
            let type = ["Content-Type: application/octet-stream"]
            #expect(try await client.post(session.target, "4x", headers: type).status == 400)
            #expect(try await session.get().status == 400)
        }
    }

    @Test func `packets before a bad one are still processed, those after it are not`() async throws {
        let application = RecordingApplication()
        try await withServer(mounts: application.mounts) { server in
            let session = try await server.handshake("/socket.io/")
            #expect(try await session.post("40").status == 200)
            #expect(try await session.post("42[\"a\"]\u{1E}2\u{1E}42[\"b\"]").status == 400)
            #expect(try await session.get().status == 400)
            var log: [String] = []
            for await line in application.log {
                log.append(line)
                if line.hasPrefix("disconnect") { break }
            }
            #expect(log == ["connect /", "event a", "disconnect parse error"])
        }
    }

    @Test(arguments: [
        "rubbish\r\n\r\n", "GET / HTTP/3.0\r\n\r\n", "GET / HTTP/1.1\r\nHost\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
    ])
    func `what is not HTTP is told so and closed`(_ bytes: String) async throws {
        try await withServer { server in
            let client = try await server.connect()
            try await client.send(bytes)
            #expect(String(buffer: await client.readToEnd()).hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
        }
    }

    @Test func `a head that is too large is refused`() async throws {
        try await withServer {
            $0.maxHeaderBytes = 2000
        } _: { server in
            let client = try await server.connect()
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: 3000))")
            #expect(String(buffer: await client.readToEnd()).hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
        }
    }

    @Test(arguments: [
        ("", ""), ("GET /socket.io/ HTTP/1.1\r\nHos", ""),
        ("POST /socket.io/ HTTP/1.1\r\nContent-Length: 5\r\n\r\nab", "HTTP/1.1 408 Request Timeout\r\n"),
    ])
    func `a request that does not come to its end is given up`(_ bytes: String, _ answer: String) async throws {
        try await withServer {
            $0.requestTimeout = .seconds(1)
        } _: { server in
            let client = try await server.connect()
            // The server may have given up before this has left.
            try? await client.send(bytes)
            let heard = String(buffer: await client.readToEnd())
            #expect(answer.isEmpty ? heard.isEmpty : heard.hasPrefix(answer))
        }
    }

    @Test func `H05: a later head that does not come to its end is given up as the first is`() async throws {
        try await withServer {
            $0.requestTimeout = .seconds(3)
            $0.idleTimeout = .seconds(600)
        } _: { server in
            let client = try await server.connect()
            #expect(try await client.get("/socket.io/?EIO=4").status == 400)
            let sending = Task { [channel = client.channel] in
                for byte in "GET /socket.io/ HTTP/1.1\r\nX: " + String(repeating: "x", count: 600) {
                    try await channel.writeAndFlush(ByteBuffer(string: String(byte)))
                    try await Task.sleep(for: .milliseconds(50))
                }
            }
            #expect(await client.readToEnd().readableBytes == 0)
            sending.cancel()
        }
    }

    @Test func `H05: who takes none of an answer is given up`() async throws {
        try await withServer {
            $0.requestTimeout = .seconds(20)
            $0.idleTimeout = .seconds(600)
            $0.maxQueuedBytes = 100_000_000
        } _: { server in
            let session = try await server.handshake()
            let client = try await server.connect()
            try await client.stopReading()
            // More than the kernel takes for somebody who does not read: then the answers wait here.
            let message = "4" + String(repeating: "x", count: 900_000)
            for _ in 0..<12 {
                let status = try await session.post(message).status
                try #require(status == 200)
                try await client.request("GET", session.target)
            }
            await server.until { server.server.connectionCount == 0 }
        }
    }

    @Test func `a connection that stays idle is closed, one that waits for an answer is not`() async throws {
        try await withServer {
            $0.idleTimeout = .milliseconds(100)
            $0.pingInterval = .seconds(1)
        } _: { server in
            let session = try await server.handshake()
            let held = try await session.hold()
            #expect(try await held.answer().body == "2")
            #expect(await held.readToEnd().readableBytes == 0)
        }
    }

    @Test func `who sends requests and reads no answers is closed`() async throws {
        try await withServer { server in
            let client = try await server.connect()
            try await client.stopReading()
            let request = "GET /socket.io/?EIO=4 HTTP/1.1\r\nHost: a\r\n\r\n"
            let many = ByteBuffer(string: String(repeating: request, count: 1000))
            // Until the server's buffers are full and it gives up; how much the kernel takes is not ours to say.
            while (try? await client.send(many)) != nil {}
            await server.until { server.server.connectionCount == 0 }
        }
    }

    @Test func `answers carry the request's id`() async throws {
        try await withServer { server in
            let target = "/socket.io/?EIO=4&transport=polling"
            #expect(try await server.get(target, headers: ["x-request-id: abc-1"]).headers["x-request-id"] == "abc-1")
            let made = try await server.get(target, headers: ["x-request-id: a b"]).headers["x-request-id"]
            #expect(try #require(made).count == 20)
        }
    }

    @Test func `HTTP 1_0 and Connection close are honoured`() async throws {
        try await withServer { server in
            let client = try await server.connect()
            try await client.send("GET /socket.io/?EIO=4&transport=polling HTTP/1.0\r\n\r\n")
            let answer = String(buffer: await client.readToEnd())
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(answer.contains("Connection: close\r\n"))
        }
    }

    @Test func `a cookie names the session if wanted`() async throws {
        try await withServer {
            $0.cookie = "io"
        } _: { server in
            let answer = try await server.get("/socket.io/?EIO=4&transport=polling")
            let sid = try #require(try OpenPacket(answer.body).sid)
            #expect(answer.headers["set-cookie"] == "io=\(sid); Path=/; HttpOnly; SameSite=Lax")
        }
    }

    // MARK: WebSocket

    private static let brokenFrames: [(ByteBuffer, UInt16)] = [
        (WireWebSocket.frame(0x81, [0x34], isMasked: false), 1002), (WireWebSocket.frame(0xC1, [0x34]), 1002),
        (WireWebSocket.frame(0x83, []), 1002), (WireWebSocket.frame(0x81, [0x34, 0xFF]), 1007),
        (ByteBuffer(bytes: [0x82, 0xFF, 0, 0, 1, 0, 0, 0, 0, 0]), 1009),
        (WireWebSocket.frame(0x88, [0x03, 0xE7]), 1002),
    ]

    @Test(arguments: brokenFrames)
    func `a broken frame is answered by its close code, and the end of TCP without waiting`(
        _ bytes: ByteBuffer, _ code: UInt16
    ) async throws {
        try await withServer { server in
            let socket = try await server.openWebSocket()
            let sent = ContinuousClock.now
            try await socket.client.send(bytes)
            #expect(await socket.next() == .close(code))
            #expect(await socket.next() == nil)
            #expect(ContinuousClock.now - sent < .seconds(4), "an answer to the Close frame is not waited for")
            await server.until { server.server.sessionCount == 0 && server.server.connectionCount == 0 }
        }
    }

    @Test func `pings are answered and closes returned`() async throws {
        try await withServer { server in
            let socket = try await server.openWebSocket()
            try await socket.client.send(WireWebSocket.frame(0x89, [1, 2, 3]))
            #expect(await socket.next() == .pong([1, 2, 3]))
            try await socket.close(4001)
            #expect(await socket.next() == .close(4001))
            #expect(await socket.next() == nil)
        }
    }

    @Test func `the first offered subprotocol is selected`() async throws {
        try await withServer { server in
            let client = try await server.connect()
            let answer = try await WireWebSocket.request(
                client, "/engine.io/?" + TestServer.webSocket, headers: ["Sec-WebSocket-Protocol: a, b"])
            #expect(answer.headers["sec-websocket-protocol"] == "a")
            #expect(answer.headers["sec-websocket-extensions"] == nil)
        }
    }

    @Test func `large messages pass whole`() async throws {
        try await withServer { server in
            let socket = try await server.openWebSocket()
            let text = "4" + String(repeating: "茶", count: 300_000)
            try await socket.send(text)
            #expect(await socket.next() == .text(text))
        }
    }

    // MARK: Upgrade

    @Test func `a probe that goes wrong leaves polling as it was`() async throws {
        try await withServer { server in
            let session = try await server.handshake()
            let wrong = try await session.webSocket()
            try await wrong.send("4hello")
            #expect(await wrong.isClosedByServer())
            let rubbish = try await session.webSocket()
            try await rubbish.send("abc")
            #expect(await rubbish.isClosedByServer())
            try await session.probingWebSocket().client.abort()
            #expect(try await session.post("4x").status == 200)
            #expect(try await session.get().body == "4x")
            let socket = try await session.eventuallyProbing()
            try await socket.send("5")
            try await socket.send("4y")
            #expect(await socket.next() == .text("4y"))
        }
    }

    @Test func `a probe that takes too long is closed and polling goes on`() async throws {
        try await withServer {
            $0.upgradeTimeout = .milliseconds(50)
        } _: { server in
            let session = try await server.handshake()
            let socket = try await session.webSocket()
            #expect(await socket.isClosedByServer())
            #expect(try await session.post("4x").status == 200)
            #expect(try await session.get().body == "4x")
        }
    }

    @Test func `many sessions upgrade at once with nothing lost or doubled`() async throws {
        try await withServer {
            // However slow the machine: an upgrade that is given up is another test's subject, and so is a ping.
            $0.upgradeTimeout = .seconds(600)
            $0.pingInterval = .seconds(600)
        } _: { server in
            try await withThrowingTaskGroup { group in
                for _ in 0..<20 {
                    group.addTask { try await Self.upgradeUnderWay(server) }
                }
                try await group.waitForAll()
            }
        }
    }

    /// Sends ten messages by polling and ten by WebSocket around an upgrade; they must come back in order.
    private static func upgradeUnderWay(_ server: TestServer) async throws {
        let session = try await server.handshake()
        var received: [String] = []
        let socket = try await session.webSocket()
        for number in 0..<10 {
            if number == 5 { try await socket.send("2probe") }
            #expect(try await session.post("4\(number)").status == 200)
            if number % 3 == 0 { received += try await session.get().body.split(separator: "\u{1E}").map(String.init) }
        }
        #expect(await socket.next() == .text("3probe"))
        try await socket.send("5")
        for number in 10..<20 { try await socket.send("4\(number)") }
        while received.filter({ $0 != "6" }).count < 20, case .text(let text)? = await socket.next() {
            received.append(text)
        }
        #expect(received.filter { $0 != "6" } == (0..<20).map { "4\($0)" })
    }

    // MARK: Memory

    @Test func `when too much waits in all, those who do not read are cut off and the others go on`() async throws {
        let rooms = NamedRooms()
        let mounts: [(path: String, mount: SocketMount)] = [
            ("/socket.io/", .sockets(SuiteApplication(rooms: rooms)))
        ]
        let configure: (inout SocketConfiguration) -> Void = {
            $0.maxMemoryBytes = 8_000_000
            $0.maxQueuedBytes = 1_000_000_000
            $0.maxQueuedPackets = 1_000_000
            $0.pingInterval = .seconds(60)
        }
        try await withServer(configure, mounts: mounts) { server in
            rooms.serve(server.server)
            var sockets: [WireWebSocket] = []
            for _ in 0..<4 {
                let socket = try await server.joined()
                try await socket.send(#"420["join","r"]"#)
                #expect(await socket.next() == .text("430[]"))
                sockets.append(socket)
            }
            let polling = try await server.handshake("/socket.io/")
            #expect(try await polling.post("40\u{1E}420[\"join\",\"r\"]").status == 200)
            let reader = sockets.removeFirst()
            for socket in sockets { try await socket.client.stopReading() }
            let text = String(repeating: "x", count: 200_000)
            while server.server.sessionCount > 1 {
                try await reader.send(#"42["msg",{"room":"r","text":"\#(text)"}]"#)
                #expect(await reader.next() == .text(#"42["msg",{"room":"r","text":"\#(text)"}]"#))
            }
            #expect(try await polling.get().status == 400)
        }
    }

    // MARK: The end

    @Test func `a drain turns handshakes away and closes transports with 1012`() async throws {
        let application = RecordingApplication()
        try await withServer(mounts: application.mounts) { server in
            let socket = try await server.openWebSocket("/socket.io/")
            try await socket.join()
            let session = try await server.handshake("/socket.io/")
            let held = try await session.hold()
            await server.server.drain(over: .milliseconds(20), waves: 4)
            #expect(try await server.get("/socket.io/?EIO=4&transport=polling").status == 503)
            #expect(await socket.next() == .close(1012))
            #expect(try await held.answer().body == "1")
            await application.logs("disconnect server shutting down")
        }
    }

    @Test func `when all have gone nothing is left open`() async throws {
        try await withServer { server in
            for _ in 0..<5 {
                let socket = try await server.joined()
                try await socket.client.abort()
                let session = try await server.handshake()
                try await session.hold().abort()
                let upgrading = try await server.handshake()
                let probe = try await upgrading.webSocket()
                try await probe.send("5")
                try await probe.client.abort()
            }
            await server.until { server.server.sessionCount == 0 && server.server.connectionCount == 0 }
        }
    }
}
