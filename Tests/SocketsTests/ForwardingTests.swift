import Logging
import NIOCore
import NIOPosix
import Testing

@testable import ProtocolServer
@testable import Sockets

/// Nodes without sticky sessions: whatever node a request reaches, its session's owner answers it.
@Suite struct ForwardingTests {
    static let key = "key-of-the-nodes"

    /// Two servers that know each other, each on two loops.
    struct Nodes {
        let servers: [TestServer]
        let registries: [NodeRegistry]
        /// Where each takes requests from nodes.
        let forNodes: [Int]

        /// A session at the first node, whose every further request reaches the other one.
        func misdirected(_ path: String = "/engine.io/") async throws -> (owner: PollingSession, wrong: PollingSession)
        {
            let owner = try await self.servers[0].handshake(path)
            return (owner, PollingSession(server: self.servers[1], path: path, sid: owner.sid))
        }
    }

    private func withNodes(
        _ configure: (inout SocketConfiguration) -> Void = { _ in }, _ body: (Nodes) async throws -> Void
    ) async throws {
        var servers: [SocketServer] = []
        var ports: [(own: Int, nodes: Int)] = []
        let registries = [NodeRegistry(), NodeRegistry()]
        for (index, registry) in registries.enumerated() {
            var configuration = SocketConfiguration()
            configuration.nodeTag = "node\(index)"
            // A ping between the answers that are compared is another test's subject.
            configuration.pingInterval = .seconds(600)
            // On a busy machine a head may follow its connection late.
            configuration.requestTimeout = .seconds(600)
            configure(&configuration)
            let server = SocketServer(
                configuration: configuration, group: TestServer.group,
                mounts: [("/engine.io/", .engine(EchoApplication())), ("/socket.io/", .sockets(SuiteApplication()))],
                forwarding: Forwarding(nodes: registry, key: Self.key) { $0 == Self.key }, logger: Logger(label: "test")
            )
            let own = try await server.start(host: "127.0.0.1", port: 0)
            let nodes = try await server.startForNodes(host: "127.0.0.1", port: 0)
            servers.append(server)
            ports.append((own.port ?? 0, nodes.port ?? 0))
        }
        // Each hears itself as well, as on the bus.
        for registry in registries {
            for (index, port) in ports.enumerated() {
                registry.heard("node\(index)", at: .init(host: "127.0.0.1", port: port.nodes))
            }
        }
        let nodes = Nodes(
            servers: zip(servers, ports).map { TestServer(server: $0, port: $1.own) }, registries: registries,
            forNodes: ports.map(\.nodes))
        do {
            try await body(nodes)
        } catch {
            for server in servers { await server.stop() }
            throw error
        }
        for server in servers { await server.stop() }
    }

    @Test func `polling by turns at two nodes is one session`() async throws {
        try await self.withNodes { nodes in
            // More than once, so that both loops of both nodes have their turn.
            for _ in 0..<4 {
                let (owner, wrong) = try await nodes.misdirected()
                for round in 0..<6 {
                    let (first, second) = round % 2 == 0 ? (owner, wrong) : (wrong, owner)
                    #expect(try await first.post("4a\(round)").body == "ok")
                    #expect(try await second.post("bAQIDBA==").body == "ok")
                    #expect(try await first.get().body == "4a\(round)\u{1E}bAQIDBA==")
                    let held = try await second.hold()
                    #expect(try await first.post("4b").body == "ok")
                    #expect(try await held.answer().body == "4b")
                }
            }
        }
    }

    @Test func `a forwarded request is answered with Connection close, whatever comes behind it`() async throws {
        try await self.withNodes { nodes in
            let (owner, wrong) = try await nodes.misdirected()
            let client = try await wrong.server.connect()
            try await client.request("POST", wrong.target, body: "4x")
            // By then the connection may be gone.
            try? await client.request("POST", wrong.target, body: "4y")
            let answer = try await client.answer()
            #expect(answer.status == 200)
            #expect(answer.headers["connection"] == "close")
            #expect(await client.readToEnd().readableBytes == 0)
            #expect(try await owner.get().body == "4x")
        }
    }

    @Test func `an upgrade through the wrong node`() async throws {
        try await self.withNodes { nodes in
            for _ in 0..<4 {
                let (owner, wrong) = try await nodes.misdirected()
                #expect(try await owner.post("4before").status == 200)
                let socket = try await wrong.probingWebSocket()
                #expect(try await wrong.get().body == "4before")
                try await socket.send("5")
                try await socket.send("4text")
                #expect(await socket.next() == .text("4text"))
                let bytes = [UInt8](repeating: 7, count: 300_000)
                try await socket.send(binary: bytes)
                #expect(await socket.next() == .binary(bytes))
                // One that is there already is not disturbed.
                #expect(await (try await wrong.webSocket()).isClosedByServer())
                #expect(try await wrong.get().status == 400)
                try await socket.close()
                #expect(await socket.next() == .close(1000))
                #expect(await socket.next() == nil)
            }
            await nodes.servers[0].until { nodes.servers[0].server.sessionCount == 0 }
        }
    }

    @Test func `who does not read what is relayed is slowed down and then closed as at its own node`() async throws {
        try await self.withNodes {
            $0.maxQueuedBytes = 300_000
            $0.pingInterval = .seconds(60)
        } _: { nodes in
            let (_, wrong) = try await nodes.misdirected()
            let socket = try await wrong.webSocket()
            try await socket.send("5")
            try await socket.client.stopReading()
            let bytes = [UInt8](repeating: 7, count: 100_000)
            // The echo's buffers fill: the client's, the relay's, then the owner's, which gives it up.
            while nodes.servers[0].server.sessionCount > 0 { try? await socket.send(binary: bytes) }
            await nodes.servers[1].until { nodes.servers[1].server.connectionCount <= 2 }
        }
    }

    @Test func `a client that vanishes during a forwarded GET is missed by the owner`() async throws {
        try await self.withNodes { nodes in
            let (_, wrong) = try await nodes.misdirected()
            let held = try await wrong.hold()
            while try await nodes.servers[0].heldRequests() == 0 {}
            try await held.abort()
            await nodes.servers[0].until { nodes.servers[0].server.sessionCount == 0 }
        }
    }

    @Test(arguments: [
        // Nobody's tag, our own, another's with a wrong secret, what is no sid.
        "nobody-AAabcdefghijklmnopqrstuv", "node1-AAabcdefghijklmnopqrstuv", "node0-AAabcdefghijklmnopqrstuv", "node0",
        "node0-", "node0-short", "NODE0-AAabcdefghijklmnopqrstuv", "-AAabcdefghijklmnopqrstuv", "node0-%0D%0AX-Y:%20z",
    ])
    func `a sid that is nobody's is answered 400 code 1`(_ sid: String) async throws {
        try await self.withNodes { nodes in
            let server = nodes.servers[1]
            let answer = try await server.get("/engine.io/?\(TestServer.polling)&sid=\(sid)")
            #expect(answer.status == 400)
            #expect(answer.body == #"{"code":1,"message":"Session ID unknown"}"#)
            let client = try await server.connect()
            let target = "/engine.io/?\(TestServer.webSocket)&sid=\(sid)"
            #expect(try await WireWebSocket.request(client, target, headers: []).status == 400)
            #expect(await client.readToEnd().readableBytes == 0)
            // It goes on.
            #expect(try await server.handshake().post("4x").status == 200)
        }
    }

    @Test func `a request goes in no circle`() async throws {
        try await self.withNodes { nodes in
            // Each believes that the other is the owner.
            for (index, registry) in nodes.registries.enumerated() {
                registry.heard("lost", at: .init(host: "127.0.0.1", port: nodes.forNodes[1 - index]))
            }
            let sid = "lost-AAabcdefghijklmnopqrstuv"
            let answer = try await nodes.servers[0].get("/engine.io/?\(TestServer.polling)&sid=\(sid)")
            #expect(answer.status == 400)
            #expect(answer.body == #"{"code":1,"message":"Session ID unknown"}"#)
            await nodes.servers[0].until { nodes.servers.allSatisfy { $0.server.connectionCount == 0 } }
        }
    }

    @Test func `a node that nobody reaches is forgotten until it is heard again`() async throws {
        try await self.withNodes { nodes in
            let (owner, wrong) = try await nodes.misdirected()
            let registry = nodes.registries[1]
            let address = try #require(registry.address(of: "node0"))
            // A port that was free a moment ago.
            let closed = try await ServerBootstrap(group: TestServer.group).bind(host: "127.0.0.1", port: 0).get()
            let port = try #require(closed.localAddress?.port)
            try await closed.close()
            registry.heard("node0", at: .init(host: "127.0.0.1", port: port))
            let answer = try await wrong.get()
            #expect(answer.status == 400)
            #expect(answer.headers["connection"] == "close")
            #expect(registry.address(of: "node0") == nil)
            registry.heard("node0", at: address)
            #expect(try await wrong.post("4x").body == "ok")
            #expect(try await owner.get().body == "4x")
        }
    }

    @Test(arguments: ["", "Authorization: Bearer wrong", "Authorization: Basic \(key)", "Authorization: Bearer "])
    func `the nodes' listener serves nodes only`(_ header: String) async throws {
        try await self.withNodes { nodes in
            let session = try await nodes.servers[0].handshake()
            let door = TestServer(server: nodes.servers[0].server, port: nodes.forNodes[0])
            let headers = header.isEmpty ? [] : [header]
            #expect(try await door.get(session.target, headers: headers).status == 401)
            #expect(try await door.get("/engine.io/?\(TestServer.polling)", headers: headers).status == 401)
            let client = try await door.connect()
            let target = "/engine.io/?\(TestServer.webSocket)&sid=\(session.sid)"
            #expect(try await WireWebSocket.request(client, target, headers: headers).status == 401)
            // With the key: a session's requests, and no handshake.
            let key = ["Authorization: Bearer \(Self.key)"]
            #expect(try await door.get("/engine.io/?\(TestServer.polling)", headers: key).status == 400)
            #expect(try await door.post(session.target, "4x", headers: key).body == "ok")
        }
    }

    @Test func `a registry keeps one tag per address and not more than it may`() {
        let registry = NodeRegistry()
        let address = NodeRegistry.Address(host: "10.0.0.1", port: 1)
        registry.heard("old", at: address)
        registry.heard("new", at: address)
        registry.heard("not a tag", at: address)
        #expect(registry.address(of: "old") == nil)
        #expect(registry.address(of: "new") == address)
        for number in 0..<2_000 { registry.heard("n\(number)", at: .init(host: "10.0.0.2", port: number)) }
        #expect(registry.address(of: "n1999") != nil)
        #expect(registry.address(of: "new") == nil)
        registry.forget("n1999", at: address)
        #expect(registry.address(of: "n1999") != nil)
    }
}

extension TestServer {
    /// Polling requests that sessions of this server hold.
    func heldRequests() async throws -> Int {
        var count = 0
        for loop in self.server.loops {
            count += try await loop.eventLoop.submit {
                loop.value.sessions.values.reduce(0) { $0 + $1.requests.count }
            }.get()
        }
        return count
    }
}
