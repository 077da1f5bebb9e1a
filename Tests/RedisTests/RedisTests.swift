import Logging
import Synchronization
import TestServers
import Testing

@testable import Redis

@Suite(.serialized, .timeLimit(.minutes(10)))
struct RedisTests {
    @Test func `what is published after the subscription is confirmed is heard, in order`() async throws {
        try await withRedis { url in
            try await withClient([url]) { redis, inbox in
                let channel = unique("order")
                try await redis.subscribe(channel)
                for number in 1...1_000 { redis.publish(channel, "\(number)") }
                #expect(await inbox.payloads(1_000) == (1...1_000).map(String.init))
                #expect(redis.lostPublications == 0)
            }
        }
    }

    @Test func `any bytes travel`() async throws {
        try await withRedis { url in
            try await withClient([url]) { redis, inbox in
                let channel = unique("bytes")
                try await redis.subscribe(channel)
                let payload = (0...255).map(UInt8.init) + Array(repeating: 13, count: 100_000)
                redis.publish(channel, payload)
                #expect(await inbox.next()?.payload == payload)
            }
        }
    }

    @Test func `after an unsubscription nothing more is heard, and subscribing again works`() async throws {
        try await withRedis { url in
            try await withClient([url]) { redis, inbox in
                let (channel, end) = (unique("left"), unique("end"))
                try await redis.subscribe([channel, end])
                redis.unsubscribe(channel)
                try await redis.subscribe(end)
                redis.publish(channel, "lost")
                redis.publish(end, "over")
                #expect(await inbox.payloads(1) == ["over"])
                try await redis.subscribe(channel)
                redis.publish(channel, "again")
                #expect(await inbox.payloads(1) == ["again"])
            }
        }
    }

    @Test func `thousands of channels are confirmed together`() async throws {
        try await withRedis { url in
            try await withClient([url]) { redis, inbox in
                let prefix = unique("many")
                let channels = (1...3_000).map { "\(prefix):\($0)" }
                try await redis.subscribe(channels)
                for channel in [channels[0], channels[1_500], channels[2_999]] { redis.publish(channel, channel) }
                #expect(await inbox.payloads(3) == [channels[0], channels[1_500], channels[2_999]])
            }
        }
    }

    @Test func `a command is answered, and a refusal is an error`() async throws {
        try await withRedis { url in
            try await withClient([url]) { redis, _ in
                let key = unique("key")
                try await redis.subscribe(unique("up"))
                #expect(try await redis.command(["SET", key, "茶"], key: key).text == "OK")
                #expect(try await redis.command(["GET", key], key: key).text == "茶")
                #expect(try await redis.command(["GET", unique("none")], key: key) == .null)
                #expect(try await redis.command(["APPEND", key, "馆"], key: key) == .integer(6))
                let error = await #expect(throws: RedisError.self) {
                    try await redis.command(["INCR", key], key: key)
                }
                #expect(error?.code == .refused)
            }
        }
    }

    @Test func `channels are spread over the servers, and what goes to all reaches each`() async throws {
        let servers = [try await PrivateRedis.start(), try await PrivateRedis.start()]
        try await withClient(servers.map(\.url)) { redis, inbox in
            let channels = (1...40).map { "chatroom:\($0)" }
            #expect(Set(channels.map { redis.server(of: $0) }).count == 2)
            try await redis.subscribe(channels)
            for channel in channels { redis.publish(channel, channel) }
            #expect(Set(await inbox.payloads(40)) == Set(channels))
            redis.subscribeOnAll("heads")
            for _ in servers { await inbox.event { if case .subscribed("heads", _) = $0 { true } else { false } } }
            redis.publishOnAll("heads", "{}")
            let heard = [await inbox.next(), await inbox.next()]
            #expect(Set(heard.compactMap { $0?.server }) == Set(redis.serverIDs))
        }
        for server in servers { await server.stop() }
    }

    @Test func `a killed server that comes back is subscribed to again, and both sides are told`() async throws {
        let server = try await PrivateRedis.start()
        try await withClient([server.url]) { redis, inbox in
            try await redis.subscribe(["a", "b"])
            try await server.kill()
            await inbox.event { if case .lost = $0 { true } else { false } }
            redis.publish("a", "into nothing")
            let error = await #expect(throws: RedisError.self) { try await redis.command(["PING"], key: "a") }
            #expect(error?.code == .unavailable || error?.code == .outcomeUnknown)
            #expect(redis.lostPublications >= 1)
            async let late: Void = redis.subscribe("c")
            try await server.startAgain()
            try await late
            await inbox.event { $0 == .subscribed("a", redis.serverIDs[0]) }
            // Publishing has a connection of its own, which may come back later.
            await untilCommandsWork(redis)
            for channel in ["a", "c"] { redis.publish(channel, channel) }
            #expect(await inbox.payloads(2) == ["a", "c"])
        }
        await server.stop()
    }

    @Test func `a server that is not there at first is waited for`() async throws {
        let server = try await PrivateRedis.start()
        try await server.kill()
        try await withClient([server.url]) { redis, inbox in
            async let subscribed: Void = redis.subscribe("a")
            try await server.startAgain()
            try await subscribed
            await untilCommandsWork(redis)
            redis.publish("a", "here")
            #expect(await inbox.payloads(1) == ["here"])
        }
        await server.stop()
    }

    @Test func `a connection that is dropped on purpose comes back with its subscriptions`() async throws {
        try await withRedis { url in
            try await withClient([url]) { redis, inbox in
                let channel = unique("dropped")
                try await redis.subscribe(channel)
                redis.reconnectSubscriptions(redis.serverIDs[0])
                await inbox.event { if case .lost = $0 { true } else { false } }
                await inbox.event { $0 == .subscribed(channel, redis.serverIDs[0]) }
                redis.publish(channel, "back")
                #expect(await inbox.payloads(1) == ["back"])
            }
        }
    }

    @Test func `closing ends all who wait`() async throws {
        let server = try await PrivateRedis.start()
        try await server.kill()
        let redis = try Redis(urls: [server.url], logger: .tests)
        await #expect(throws: RedisError(.closed, "the client was closed")) {
            async let closed: Void = redis.close()
            try await redis.subscribe("a")
            await closed
        }
        await server.stop()
    }

    @Test func `names are resolved`() async throws {
        let server = try await PrivateRedis.start()
        try await withClient(["redis://localhost:\(server.port)"]) { redis, _ in try await redis.subscribe("a") }
        await server.stop()
    }

    @Test func `a list without servers, or with one twice, is refused`() {
        #expect(throws: RedisError.self) { try Redis(urls: [], logger: .tests) }
        #expect(throws: RedisError.self) { try Redis(urls: ["redis://a:1", "redis://A:1/2"], logger: .tests) }
    }
}

/// Counts up, so that tests which share a server do not hear each other.
private let counter = Atomic<Int>(0)

private func unique(_ name: String) -> String { "\(name):\(counter.add(1, ordering: .relaxed).newValue)" }

/// What a client hears.
private struct Inbox: Sendable {
    let messages: AsyncStream<RedisMessage>
    let events: AsyncStream<RedisEvent>

    func next() async -> RedisMessage? { await self.messages.first { _ in true } }

    func payloads(_ count: Int) async -> [String] {
        var payloads: [String] = []
        while payloads.count < count, let message = await self.next() {
            payloads.append(String(decoding: message.payload, as: UTF8.self))
        }
        return payloads
    }

    func event(_ isIt: (RedisEvent) -> Bool) async {
        for await event in self.events where isIt(event) { return }
    }
}

private func withClient(
    _ urls: [String], _ body: (Redis, Inbox) async throws -> Void
) async throws {
    let timing = RedisTiming(shortestPause: .milliseconds(10), longestPause: .milliseconds(50))
    let redis = try Redis(urls: urls, logger: .tests, timing: timing)
    let (messages, message) = AsyncStream.makeStream(of: RedisMessage.self)
    let (events, event) = AsyncStream.makeStream(of: RedisEvent.self)
    redis.listen(onMessage: { message.yield($0) }, onEvent: { event.yield($0) })
    let result: Result<Void, any Error>
    do { result = .success(try await body(redis, Inbox(messages: messages, events: events))) } catch {
        result = .failure(error)
    }
    await redis.close()
    try result.get()
}

private func untilCommandsWork(_ redis: Redis) async {
    while (try? await redis.command(["PING"], key: "a")) == nil { await Task.yield() }
}
