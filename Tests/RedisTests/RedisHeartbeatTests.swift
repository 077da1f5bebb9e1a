import Glibc
import Synchronization
import Testing
import TestServers

@testable import Redis

/// A server that accepts and never says a word, and one that talks nonsense: what a dead host or a wrong port look like.
@Suite(.timeLimit(.minutes(10)))
struct RedisHeartbeatTests {
    @Test func `a server that says nothing is given up, and tried again`() async throws {
        let server = try TalkingServer(saying: [])
        let timing = RedisTiming(
            connecting: .milliseconds(50), shortestPause: .milliseconds(1), longestPause: .milliseconds(1))
        let redis = try Redis(urls: ["redis://127.0.0.1:\(server.port)"], logger: .tests, timing: timing)
        for _ in 0..<3 { #expect(await server.connection()) }
        await redis.close()
        server.close()
    }

    @Test func `a connection that falls silent is noticed and lost`() async throws {
        let server = try TalkingServer(saying: ["+PONG\r\n"])
        let timing = RedisTiming(
            heartbeat: .milliseconds(30), shortestPause: .milliseconds(1), longestPause: .milliseconds(1))
        let redis = try Redis(urls: ["redis://127.0.0.1:\(server.port)"], logger: .tests, timing: timing)
        // Each is greeted well, falls silent, and is followed by another.
        for _ in 0..<3 { #expect(await server.connection()) }
        await redis.close()
        server.close()
    }

    @Test(arguments: [
        "HTTP/1.1 400 Bad Request\r\n\r\n", "-LOADING\r\n", "-NOAUTH\r\n", "*1\r\n*1\r\n:1\r\n", "$-7\r\n", "\0\0\0\0",
        "+PONG\r\n*3\r\n:1\r\n:2\r\n:3\r\n", "+PONG\r\n*0\r\n", "+PONG\r\n*-1\r\n$-1\r\n",
        "+PONG\r\n*3\r\n$7\r\nmessage\r\n$1\r\na\r\n:5\r\n", "+PONG\r\n*3\r\n$9\r\nsubscribe\r\n$-1\r\n:1\r\n",
        "+PONG\r\n-ERR unexpected\r\n+what\r\n:7\r\n", "+PONG\r\n*3\r\n$9\r\nsubscribe\r\n$5\r\nother\r\n:1\r\n",
    ])
    func `no reply, however odd, brings the process down`(reply: String) async throws {
        let server = try TalkingServer(saying: [reply], closes: true)
        let timing = RedisTiming(shortestPause: .milliseconds(1), longestPause: .milliseconds(1))
        let redis = try Redis(urls: ["redis://127.0.0.1:\(server.port)"], logger: .tests, timing: timing)
        redis.subscribeOnAll("a")
        for _ in 0..<4 { #expect(await server.connection()) }
        await redis.close()
        server.close()
    }
}

/// Says the same to everybody who connects. A thread of its own, as it blocks.
private final class TalkingServer: Sendable {
    let port: UInt16
    private let descriptor: Int32
    private let connections: AsyncStream<Void>

    init(saying replies: [String], closes: Bool = false) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let port = try withUnsafeMutablePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                guard bind(descriptor, pointer, length) == 0, listen(descriptor, 16) == 0,
                    getsockname(descriptor, pointer, &length) == 0
                else { throw RedisError(.unavailable, "the test's server does not listen") }
            }
            return UInt16(bigEndian: pointer.pointee.sin_port)
        }
        let (connections, connection) = AsyncStream.makeStream(of: Void.self)
        self.port = port
        self.descriptor = descriptor
        self.connections = connections
        Thread.start {
            var open: [Int32] = []
            while case let client = accept(descriptor, nil, nil), client >= 0 {
                let text = Array(replies.joined().utf8)
                _ = send(client, text, text.count, Int32(MSG_NOSIGNAL))
                if closes { Glibc.close(client) } else { open.append(client) }
                connection.yield()
            }
            for client in open { Glibc.close(client) }
        }
    }

    /// Waits for the next client.
    func connection() async -> Bool { await self.connections.first { true } != nil }

    func close() {
        shutdown(self.descriptor, Int32(SHUT_RDWR))
        Glibc.close(self.descriptor)
    }
}

/// A thread without Foundation.
private enum Thread {
    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    static func start(_ run: @escaping @Sendable () -> Void) {
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, Unmanaged.passRetained(Body(run)).toOpaque())
        pthread_detach(thread)
    }
}
