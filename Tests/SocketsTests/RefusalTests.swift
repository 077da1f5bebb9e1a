import NIOCore
import NIOHTTP1
import Testing

@testable import Sockets

/// SOCKETIO.md §2, in its order, with its bodies.
@Suite(.timeLimit(.minutes(10)))
struct RefusalTests {
    private static let unknownTransport = #"{"code":0,"message":"Transport unknown"}"#
    private static let unknownSession = #"{"code":1,"message":"Session ID unknown"}"#
    private static let badMethod = #"{"code":2,"message":"Bad handshake method"}"#
    private static let badRequest = #"{"code":3,"message":"Bad request"}"#
    private static let unsupported = #"{"code":5,"message":"Unsupported protocol version"}"#

    @Test(arguments: [
        ("GET", "EIO=4", unknownTransport), ("GET", "EIO=4&transport=constructor", unknownTransport),
        ("GET", "EIO=4&transport=__proto__", unknownTransport), ("GET", "transport=webtransport", unknownTransport),
        ("GET", "EIO=4&transport=polling&transport=polling", unknownTransport),
        ("GET", "EIO=4&transport=polling&sid=nobody", unknownSession),
        ("GET", "EIO=4&transport=polling&sid=n1-AAaaaaaaaaaaaaaaaaaaaaaa", unknownSession),
        ("GET", "EIO=4&transport=polling&sid=n1-__aaaaaaaaaaaaaaaaaaaaaa", unknownSession),
        ("GET", "transport=polling&sid=n2-AAaaaaaaaaaaaaaaaaaaaaaa", unknownSession),
        ("POST", "EIO=4&transport=polling&sid=" + String(repeating: "x", count: 8000), unknownSession),
        ("GET", "EIO=4&transport=polling&sid=%ff%fe", unknownSession),
        ("POST", "EIO=4&transport=polling", badMethod), ("PUT", "EIO=4&transport=polling", badMethod),
        ("POST", "EIO=3&transport=websocket", badMethod), ("DELETE", "transport=polling", badMethod),
        ("GET", "EIO=4&transport=websocket", badRequest),
        ("GET", "transport=polling", unsupported), ("GET", "EIO=3&transport=polling", unsupported),
        ("GET", "EIO=4&EIO=4&transport=polling", unsupported),
    ])
    func `a request is refused with its code`(_ method: String, _ query: String, _ body: String) async throws {
        try await withServer { server in
            let client = try await server.connect()
            try await client.request(method, "/socket.io/?" + query)
            let answer = try await client.answer()
            #expect(answer.status == 400)
            #expect(answer.body == body)
            #expect(answer.headers["content-type"] == "application/json")
            #expect(answer.headers["access-control-allow-origin"] == "*")
            // The connection goes on, and so does the server.
            #expect(try await client.get("/socket.io/?EIO=4&transport=polling").status == 200)
        }
    }

    @Test(arguments: ["/socket.io", "/socket.io/", "/socket.io/anything"])
    func `the path is taken with and without its slash`(_ path: String) async throws {
        try await withServer { server in
            let answer = try await server.get(path + "?EIO=4&transport=polling&sid=&t=abc&x=%20y+z")
            #expect(answer.status == 200)
        }
    }

    @Test(arguments: ["/", "/socket.iox/", "/socket", "/api/auth", "*", "//socket.io/"])
    func `other paths are not found`(_ path: String) async throws {
        try await withServer { server in
            let client = try await server.connect()
            let answer = try await client.get(path + "?EIO=4&transport=polling")
            #expect(answer.status == 404)
            #expect(answer.body == #"{"code":"not_found","message":"There is nothing here"}"#)
        }
    }

    @Test func `HEAD is answered without a body`() async throws {
        try await withServer { server in
            let client = try await server.connect()
            try await client.request("HEAD", "/socket.io/?EIO=4&transport=polling")
            let answer = try await client.answer(isHead: true)
            #expect(answer.status == 400)
            #expect(answer.headers["content-length"] == "\(Self.badMethod.utf8.count)")
            #expect(try await client.get("/socket.io/?EIO=4&transport=polling").status == 200)
        }
    }

    @Test func `another method for a live session is refused and the session kept`() async throws {
        try await withServer { server in
            let session = try await server.handshake()
            let client = try await server.connect()
            try await client.request("PUT", session.target)
            #expect(try await client.answer().body == Self.badRequest)
            #expect(try await session.post("4x").status == 200)
            #expect(try await session.get().body == "4x")
        }
    }

    @Test func `a plain request to a session by another transport is refused`() async throws {
        try await withServer { server in
            let session = try await server.handshake()
            let query = "/engine.io/?EIO=4&transport=websocket&sid="
            #expect(try await server.get(query + session.sid).body == Self.badRequest)
            #expect(try await server.get(query + "n1-AAaaaaaaaaaaaaaaaaaaaaaa").body == Self.unknownSession)
        }
    }

    @Test func `an Origin with control characters is refused`() async throws {
        try await withServer { server in
            let answer = try await server.get(
                "/socket.io/?EIO=4&transport=polling", headers: ["Origin: http://\u{FFFD}.example"])
            #expect(answer.body == Self.badRequest)
        }
    }

    @Test(arguments: [
        ("EIO=4&transport=websocket&sid=nobody", "Session ID unknown"),
        ("EIO=4&transport=websocket&sid=n1-ABaaaaaaaaaaaaaaaaaaaaaa", "Session ID unknown"),
        ("EIO=4&transport=polling", "Bad request"), ("EIO=4", "Transport unknown"),
        ("EIO=3&transport=websocket", "Unsupported protocol version"),
    ])
    func `a WebSocket is refused before the 101 with the bare message`(_ query: String, _ body: String) async throws {
        try await withServer { server in
            let client = try await server.connect()
            let answer = try await WireWebSocket.request(client, "/socket.io/?" + query, headers: [])
            #expect(answer.status == 400)
            #expect(answer.body == body)
            #expect(answer.headers["content-type"] == "text/html")
            #expect(answer.headers["connection"] == "close")
            #expect(await client.readToEnd().readableBytes == 0)
        }
    }

    @Test(arguments: [
        ["Sec-WebSocket-Version: 12", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="],
        ["Sec-WebSocket-Version: 13"],
        ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: short"],
    ])
    func `a WebSocket handshake that is none is refused`(_ headers: [String]) async throws {
        try await withServer { server in
            let answer = try await server.get(
                "/socket.io/?EIO=4&transport=websocket",
                headers: ["Upgrade: websocket", "Connection: Upgrade"] + headers)
            #expect(answer.status == 400)
            #expect(answer.body == "Bad request")
        }
    }

    @Test func `the application's refusal is 403 with its own words, and 400 to a WebSocket`() async throws {
        let application = RecordingApplication(handshake: { handshake in
            handshake.headers.first(name: "x-test") == nil ? .forbidden("Not \"you\"") : nil
        })
        try await withServer(mounts: application.mounts) { server in
            let refused = try await server.get("/socket.io/?EIO=4&transport=polling")
            #expect(refused.status == 403)
            #expect(refused.body == #"{"code":4,"message":"Not \"you\""}"#)
            let client = try await server.connect()
            let upgrade = try await WireWebSocket.request(client, "/socket.io/?" + TestServer.webSocket, headers: [])
            #expect(upgrade.status == 400)
            #expect(upgrade.body == "Not \"you\"")
            // Policy comes before the version.
            #expect(try await server.get("/socket.io/?EIO=3&transport=polling").status == 403)
            #expect(try await server.get("/socket.io/?EIO=4&transport=polling", headers: ["x-test: 1"]).status == 200)
        }
    }

    @Test func `above the limits handshakes are turned away and sessions go on`() async throws {
        try await withServer {
            $0.maxSessions = 1
        } _: { server in
            let session = try await server.handshake()
            let refused = try await server.get("/socket.io/?EIO=4&transport=polling")
            #expect(refused.status == 503)
            #expect(refused.headers["retry-after"] == "1")
            let client = try await server.connect()
            let upgrade = try await WireWebSocket.request(client, "/socket.io/?" + TestServer.webSocket, headers: [])
            #expect(upgrade.status == 503)
            #expect(try await session.post("1").status == 200)
            await server.until { server.server.sessionCount == 0 }
            #expect(try await server.get("/socket.io/?EIO=4&transport=polling").status == 200)
        }
    }

    @Test func `handshakes under way and handshakes per second are limited`() async throws {
        try await withServer {
            $0.maxHandshakesUnderWay = 1
        } _: { server in
            let socket = try await server.openWebSocket("/socket.io/")
            #expect(try await server.get("/socket.io/?EIO=4&transport=polling").status == 503)
            try await socket.join()
            #expect(try await server.get("/socket.io/?EIO=4&transport=polling").status == 200)
        }
        try await withServer {
            $0.maxHandshakesPerSecond = 1
        } _: { server in
            // So many that two of them fall into one second, however busy the machine is.
            let statuses = try await withThrowingTaskGroup { group in
                for _ in 0..<20 { group.addTask { try await server.get("/socket.io/?EIO=4&transport=polling").status } }
                return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
            }
            #expect(statuses == [200, 503])
        }
    }

    @Test func `too many handshakes from one address are 429, whatever it says of itself`() async throws {
        try await withServer {
            $0.maxHandshakesPerAddress = 1
            // The test's own address is a proxy that is believed; who comes through it is not.
            $0.clientAddress = { peer, forwardedFor in
                forwardedFor?.split(separator: ",").last.map { $0.trimmingPrefix(" ").description } ?? peer
            }
        } _: { server in
            func handshake(_ forwardedFor: String) async throws -> WireAnswer {
                try await server.get(
                    "/socket.io/?EIO=4&transport=polling", headers: ["X-Forwarded-For: \(forwardedFor)"])
            }
            // One more comes each second: a slow machine needs more than six.
            var answers: [WireAnswer] = []
            repeat {
                answers.append(try await handshake("10.0.0.\(answers.count), 192.0.2.1"))
            } while answers.last?.status == 200
            #expect(answers.count >= 6)
            let refused = try #require(answers.last)
            #expect(refused.status == 429)
            #expect(refused.headers["retry-after"] == "1")
            #expect(refused.body.hasPrefix(#"{"code":"too_many_requests","#))
            var status = 101
            while status == 101 {
                let client = try await server.connect()
                status = try await WireWebSocket.request(
                    client, "/socket.io/?" + TestServer.webSocket, headers: ["X-Forwarded-For: 192.0.2.1"]
                ).status
            }
            #expect(status == 429)
            #expect(try await handshake("192.0.2.2").status == 200)
        }
    }

    @Test func `addresses that have gone quiet are forgotten, and a network of 64 bits is one address`() {
        var buckets = AddressBuckets(perSecond: 1)
        let start = NIODeadline.now()
        func take(_ address: String, after time: TimeAmount = .zero) -> Bool {
            buckets.take(address, now: start + time)
        }
        for number in 0..<5 { #expect(take("2001:db8::\(number + 1)")) }
        #expect(!take("2001:db8::ffff"))
        #expect(take("2001:db8:0:1::1"))
        #expect(take("2001:db8::1", after: .seconds(1)))
        for number in 0..<20_000 { _ = buckets.take("10.0.\(number / 256).\(number % 256)", now: start + .seconds(2)) }
        for _ in 0..<10_000 { _ = buckets.take("192.0.2.1", now: start + .seconds(60)) }
        #expect(buckets.count == 1)
    }

    @Test func `connections above the limit are closed unread`() async throws {
        try await withServer {
            $0.maxConnections = 1
        } _: { server in
            let first = try await server.connect()
            #expect(try await first.get("/socket.io/?EIO=4&transport=polling").status == 200)
            let second = try await server.connect()
            #expect(await second.readToEnd().readableBytes == 0)
            #expect(try await first.get("/socket.io/?EIO=4&transport=polling").status == 200)
        }
    }
}
