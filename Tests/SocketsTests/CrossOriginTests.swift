import Testing

@testable import Sockets

/// SOCKETIO.md §10.
@Suite(.timeLimit(.minutes(10)))
struct CrossOriginTests {
    private static let target = "/socket.io/?EIO=4&transport=polling"

    @Test func `without it there are no headers and no preflights`() async throws {
        try await withServer {
            $0.crossOrigin = .off
        } _: { server in
            let answer = try await server.get(Self.target, headers: ["Origin: https://a.example"])
            #expect(answer.status == 200)
            #expect(answer.headers["access-control-allow-origin"] == nil)
            let client = try await server.connect()
            try await client.request("OPTIONS", Self.target, headers: ["Origin: https://a.example"])
            #expect(try await client.answer().body == #"{"code":2,"message":"Bad handshake method"}"#)
        }
    }

    @Test func `with any origin every answer says so, also errors and the 101`() async throws {
        try await withServer { server in
            #expect(try await server.get(Self.target).headers["access-control-allow-origin"] == "*")
            #expect(try await server.get("/socket.io/?x").headers["access-control-allow-origin"] == "*")
            let client = try await server.connect()
            let upgrade = try await WireWebSocket.request(client, "/socket.io/?" + TestServer.webSocket, headers: [])
            #expect(upgrade.headers["access-control-allow-origin"] == "*")
        }
    }

    @Test func `a preflight is answered with what was asked for`() async throws {
        try await withServer { server in
            let client = try await server.connect()
            try await client.request(
                "OPTIONS", Self.target,
                headers: ["Origin: https://a.example", "Access-Control-Request-Headers: authorization,x-a"])
            let answer = try await client.answer()
            #expect(answer.status == 204)
            #expect(answer.headers["content-length"] == "0")
            #expect(answer.headers["access-control-allow-origin"] == "*")
            #expect(answer.headers["access-control-allow-methods"] == "GET,HEAD,PUT,PATCH,POST,DELETE")
            #expect(answer.headers["access-control-allow-headers"] == "authorization,x-a")
            #expect(answer.headers["vary"] == "Access-Control-Request-Headers")
        }
    }

    @Test func `a listed origin is echoed, another one is not`() async throws {
        try await withServer {
            $0.crossOrigin = .listed(["https://a.example"], credentials: true)
        } _: { server in
            let listed = try await server.get(Self.target, headers: ["Origin: https://a.example"])
            #expect(listed.headers["access-control-allow-origin"] == "https://a.example")
            #expect(listed.headers["access-control-allow-credentials"] == "true")
            #expect(listed.headers["vary"] == "Origin")
            let other = try await server.get(Self.target, headers: ["Origin: https://a.example.evil"])
            #expect(other.headers["access-control-allow-origin"] == nil)
            #expect(other.headers["access-control-allow-credentials"] == nil)
            #expect(other.headers["vary"] == "Origin")
        }
    }
}
