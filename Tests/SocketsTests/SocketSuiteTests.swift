import NIOCore
import Testing

@testable import Sockets

/// The official Socket.IO suite, line by line (SOCKETIO.md §17), with the namespaces `/` and `/custom`.
@Suite(.timeLimit(.minutes(10)))
struct SocketSuiteTests {
    // MARK: The transport, on this path

    @Test func `S01 a polling handshake answers`() async throws {
        try await withServer { server in
            let answer = try await server.get("/socket.io/?EIO=4&transport=polling")
            #expect(answer.status == 200)
            #expect(try OpenPacket(answer.body).upgrades == ["websocket"])
        }
    }

    @Test(arguments: ["transport=polling", "EIO=abc&transport=polling", "EIO=4", "EIO=4&transport=abc"])
    func `S02 S03 a wrong version or transport is refused`(_ query: String) async throws {
        try await withServer { server in
            let answer = try await server.get("/socket.io/?" + query)
            #expect(answer.status == 400)
        }
    }

    @Test(arguments: ["POST", "PUT"])
    func `S04 a handshake by another method than GET is refused`(_ method: String) async throws {
        try await withServer { server in
            let client = try await server.connect()
            try await client.request(method, "/socket.io/?EIO=4&transport=polling")
            #expect(try await client.answer().status == 400)
        }
    }

    @Test func `S05 a WebSocket handshake answers`() async throws {
        try await withServer { server in
            let socket = try await server.webSocket("/socket.io/")
            guard case .text(let text)? = await socket.next() else {
                Issue.record("no text came")
                return
            }
            #expect(try OpenPacket(text).upgrades.isEmpty)
        }
    }

    @Test(arguments: ["transport=websocket", "EIO=abc&transport=websocket", "EIO=4", "EIO=4&transport=abc"])
    func `S06 S07 a WebSocket of a wrong version or transport is refused`(_ query: String) async throws {
        try await withServer { server in
            let client = try await server.connect()
            let answer = try await WireWebSocket.request(client, "/socket.io/?" + query, headers: [])
            #expect(answer.status == 400)
            #expect(await client.readToEnd().readableBytes == 0)
        }
    }

    private func heartbeat(_ configuration: inout SocketConfiguration) {
        configuration.pingInterval = .milliseconds(100)
        configuration.pingTimeout = .seconds(20)
    }

    private func impatient(_ configuration: inout SocketConfiguration) {
        configuration.pingInterval = .milliseconds(60)
        configuration.pingTimeout = .milliseconds(40)
    }

    @Test func `S08 pings come over polling before any namespace is joined`() async throws {
        try await withServer(self.heartbeat) { server in
            let session = try await server.handshake("/socket.io/")
            for _ in 0..<3 {
                #expect(try await session.get().body == "2")
                #expect(try await session.post("3").status == 200)
            }
        }
    }

    @Test func `S09 without a pong a polling session ends`() async throws {
        try await withServer(self.impatient) { server in
            let session = try await server.handshake("/socket.io/")
            let answered = NIODeadline.now()
            await server.until { NIODeadline.now() >= answered + .milliseconds(100) }
            #expect(try await session.get().status == 400)
        }
    }

    @Test func `S10 pings come over WebSocket before any namespace is joined`() async throws {
        try await withServer(self.heartbeat) { server in
            let socket = try await server.openWebSocket("/socket.io/")
            for _ in 0..<3 {
                #expect(await socket.next() == .text("2"))
                try await socket.send("3")
            }
        }
    }

    @Test func `S11 without a pong a WebSocket is closed`() async throws {
        try await withServer(self.impatient) { server in
            let socket = try await server.openWebSocket("/socket.io/")
            #expect(await socket.isClosedByServer())
        }
    }

    @Test func `S12 the client's close over polling releases its GET with a noop`() async throws {
        try await withServer { server in
            let session = try await server.handshake("/socket.io/")
            let held = try await session.hold()
            // A slow machine may take longer than the grace for a GET that races with the close.
            while try await server.heldRequests() == 0 {}
            #expect(try await session.post("1").body == "ok")
            #expect(try await held.answer().body == "6")
            #expect(try await session.get().status == 400)
        }
    }

    @Test func `S13 the client's close over WebSocket ends it`() async throws {
        try await withServer { server in
            let socket = try await server.openWebSocket("/socket.io/")
            try await socket.send("1")
            #expect(await socket.isClosedByServer())
        }
    }

    @Test func `S14 an upgrade releases GETs with a noop`() async throws {
        try await withServer { server in
            let session = try await server.handshake("/socket.io/")
            let socket = try await session.probingWebSocket()
            #expect(try await session.get().body == "6")
            try await socket.send("5")
        }
    }

    @Test func `S15 after probe and upgrade in one go polling is refused`() async throws {
        try await withServer { server in
            let session = try await server.handshake("/socket.io/")
            let socket = try await session.webSocket()
            try await socket.send("2probe")
            try await socket.send("5")
            // On a busy machine a GET may overtake the WebSocket's frames: it is released by the probe or the upgrade.
            var answer = try await session.get()
            while answer.status == 200, answer.body == "6" { answer = try await session.get() }
            #expect(answer.status == 400)
        }
    }

    @Test func `S16 a second WebSocket of an upgraded session is closed`() async throws {
        try await withServer { server in
            let session = try await server.handshake("/socket.io/")
            let socket = try await session.webSocket()
            try await socket.send("2probe")
            try await socket.send("5")
            let second = try await session.webSocket()
            #expect(await second.isClosedByServer())
        }
    }

    // MARK: Namespaces

    @Test(arguments: [
        ("40", "", "{}"), (#"40{"token":"123"}"#, "", #"{"token":"123"}"#),
        ("40/custom,", "/custom,", "{}"), (#"40/custom,{"token":"abc"}"#, "/custom,", #"{"token":"abc"}"#),
    ])
    func `S17 S18 S19 S20 CONNECT is answered with a sid alone, then the auth event`(
        _ connect: String, _ namespace: String, _ auth: String
    ) async throws {
        try await withServer { server in
            let socket = try await server.openWebSocket("/socket.io/")
            try await socket.send(connect)
            guard case .text(let text)? = await socket.next() else {
                Issue.record("no text came")
                return
            }
            let expected = try Regex("40" + namespace + #"\{"sid":"[A-Za-z0-9_-]{20}"\}"#)
            #expect(text.wholeMatch(of: expected) != nil)
            #expect(await socket.next() == .text(#"42\#(namespace)["auth",\#(auth)]"#))
        }
    }

    @Test func `S21 an unknown namespace is refused`() async throws {
        try await withServer { server in
            let socket = try await server.openWebSocket("/socket.io/")
            try await socket.send("40/random")
            #expect(await socket.next() == .text(#"44/random,{"message":"Invalid namespace"}"#))
        }
    }

    @Test func `S22 rubbish as the first packet closes the session`() async throws {
        try await withServer { server in
            let socket = try await server.openWebSocket("/socket.io/")
            try await socket.send("4abc")
            #expect(await socket.isClosedByServer())
        }
    }

    @Test func `S23 without any CONNECT the session is closed`() async throws {
        try await withServer {
            $0.connectTimeout = .milliseconds(50)
        } _: { server in
            let socket = try await server.openWebSocket("/socket.io/")
            #expect(await socket.isClosedByServer())
        }
    }

    @Test func `S24 leaving the last namespace leaves the session open`() async throws {
        try await withServer(self.heartbeat) { server in
            let socket = try await server.joined()
            try await socket.send("41")
            #expect(await socket.next() == .text("2"))
        }
    }

    @Test func `S25 leaving a namespace leaves the others joined`() async throws {
        try await withServer { server in
            let socket = try await server.joined()
            try await socket.send("40/custom")
            guard case .text(let connect)? = await socket.next() else {
                Issue.record("no text came")
                return
            }
            #expect(connect.hasPrefix("40/custom,"))
            #expect(await socket.next() == .text(#"42/custom,["auth",{}]"#))
            try await socket.send("41/custom")
            try await socket.send(#"42["message","message to main namespace"]"#)
            #expect(await socket.next() == .text(#"42["message-back","message to main namespace"]"#))
        }
    }

    // MARK: Messages

    @Test func `S26 an event's arguments come back literally`() async throws {
        try await withServer { server in
            let socket = try await server.joined()
            try await socket.send(#"42["message",1,"2",{"3":[true]}]"#)
            #expect(await socket.next() == .text(#"42["message-back",1,"2",{"3":[true]}]"#))
        }
    }

    @Test func `S27 an event's attachments come back`() async throws {
        try await withServer { server in
            let socket = try await server.joined()
            let placeholders = #"{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}"#
            try await socket.send(#"452-["message",\#(placeholders)]"#)
            try await socket.send(binary: [1, 2, 3])
            try await socket.send(binary: [4, 5, 6])
            #expect(await socket.next() == .text(#"452-["message-back",\#(placeholders)]"#))
            #expect(await socket.next() == .binary([1, 2, 3]))
            #expect(await socket.next() == .binary([4, 5, 6]))
        }
    }

    @Test func `S28 an event is acknowledged under its id`() async throws {
        try await withServer { server in
            let socket = try await server.joined()
            try await socket.send(#"42456["message-with-ack",1,"2",{"3":[false]}]"#)
            #expect(await socket.next() == .text(#"43456[1,"2",{"3":[false]}]"#))
        }
    }

    @Test func `S29 an event with attachments is acknowledged with them`() async throws {
        try await withServer { server in
            let socket = try await server.joined()
            let placeholders = #"{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}"#
            try await socket.send(#"452-789["message-with-ack",\#(placeholders)]"#)
            try await socket.send(binary: [1, 2, 3])
            try await socket.send(binary: [4, 5, 6])
            #expect(await socket.next() == .text("462-789[\(placeholders)]"))
            #expect(await socket.next() == .binary([1, 2, 3]))
            #expect(await socket.next() == .binary([4, 5, 6]))
        }
    }

    @Test(arguments: ["4abc", "42{}", #"42abc["message-with-ack",1]"#])
    func `S30 S31 S32 a malformed packet closes the session`(_ packet: String) async throws {
        try await withServer { server in
            let socket = try await server.joined()
            try await socket.send(packet)
            #expect(await socket.isClosedByServer())
        }
    }
}
