import ChatAPI
import HTTPTypes
import Logging
import Redis
import TestServers
import Testing

@testable import Social

/// Who is online, read from leases as Gateways write them.
struct PresenceReaderTests {
    @Test func `whose lease holds is online, and whose has ended is not`() async throws {
        try await withLeases { leases, reader in
            try await leases.begin(.seconds(60))
            try await leases.write(.bob, .seconds(10))
            try await leases.write(.carol, .seconds(-1))
            #expect(await reader.online(among: [.bob, .carol, .dave]) == [.bob])
        }
    }

    @Test func `after a wipe whoever was seen online still is, until the grace is over`() async throws {
        try await withLeases { leases, reader in
            try await leases.begin(.seconds(60))
            for user in [UserID.bob, .carol] { try await leases.write(user, .seconds(10)) }
            #expect(await reader.online(among: [.bob, .carol, .dave]) == [.bob, .carol])
            try await leases.wipe()
            #expect(await reader.online(among: [.bob, .carol, .dave]) == [.bob, .carol])
            // The Gateways write again; Bob's is not back yet.
            try await leases.begin(.seconds(1))
            try await leases.write(.carol, .seconds(10))
            #expect(await reader.online(among: [.bob, .carol, .dave]) == [.bob, .carol])
            try await leases.begin(.seconds(20))
            #expect(await reader.online(among: [.bob, .carol, .dave]) == [.carol])
        }
    }

    @Test func `with Redis out of reach nobody leaves, and no list fails`() async throws {
        let redis = try await PrivateRedis.start()
        let leases = try Leases(url: redis.url)
        let reader = PresenceReader(redis: leases.redis, logger: Leases.logger)
        try await leases.begin(.seconds(60))
        try await leases.write(.bob, .seconds(10))
        #expect(await reader.online(among: [.bob, .carol]) == [.bob])
        try await redis.kill()
        #expect(await reader.online(among: [.bob, .carol]) == [.bob])
        await leases.redis.close()
        await redis.stop()
    }

    @Test func `the list of friends says who is online, but not across a block`() async throws {
        let redis = try await PrivateRedis.start()
        let leases = try Leases(url: redis.url)
        try await leases.begin(.seconds(60))
        for user in [UserID.bob, .carol] { try await leases.write(user, .seconds(3_600)) }
        try await withSocialRoutes(redis: redis.url) { social, _ in
            for friend in [UserID.bob, .carol, .dave] { try await social.befriend(.alice, friend) }
            _ = try await social.call(.put, "/blocks/1", as: .carol)
            // Its connection is made beside the first calls.
            var online: [UserID] = []
            while online.isEmpty {
                let list = try await social.call(.get, "/friends", as: .alice).decode(FriendList.self)
                online = list.friends.filter(\.online).map(\.user.id)
            }
            #expect(online == [.bob])
        }
        await leases.redis.close()
        await redis.stop()
    }

    @Test func `who may see somebody come and go are their friends, but not across a block`() async throws {
        try await withSocial { social in
            for friend in [UserID.bob, .carol, .dave] { try await social.befriend(.alice, friend) }
            _ = try await social.blocks.block(.alice, by: .carol)
            _ = try await social.blocks.block(.dave, by: .alice)
            let friends = try await social.friends.visibleFriends(of: [.alice, .bob, .carol, .mallory])
            #expect(friends == [.alice: [.bob], .bob: [.alice]])
        }
    }
}

/// Leases of one test's own users, as Gateways write them.
private struct Leases {
    static let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    let redis: Redis

    init(url: String) throws { self.redis = try Redis(urls: [url], logger: Self.logger) }

    /// As if the leases had been begun so long ago.
    func begin(_ age: Duration) async throws {
        for bucket in 0..<PresenceLease.buckets {
            try await self.command(["SET", PresenceLease.sinceKey(of: bucket), String(try await self.now(.zero - age))])
        }
    }

    func write(_ user: UserID, _ left: Duration) async throws {
        let key = PresenceLease.key(of: PresenceLease.bucket(of: user))
        try await self.command(["ZADD", key, String(try await self.now(left)), user.description])
    }

    func wipe() async throws { try await self.command(["FLUSHALL"]) }

    /// The server's time in milliseconds, so much later.
    private func now(_ later: Duration) async throws -> Int64 {
        let text = try await self.command(["EVAL", "local t = redis.call('TIME') return t[1] .. ''", "0"]).text
        return (Int64(text ?? "") ?? 0) * 1_000 + Int64(later / .milliseconds(1))
    }

    /// The connection is made beside the first commands.
    @discardableResult
    private func command(_ arguments: [String]) async throws -> RedisReply {
        while true {
            if let reply = try? await self.redis.command(arguments, key: "") { return reply }
            await Task.yield()
        }
    }
}

private func withLeases(_ body: (Leases, PresenceReader) async throws -> Void) async throws {
    let redis = try await PrivateRedis.start()
    let leases = try Leases(url: redis.url)
    try await body(leases, PresenceReader(redis: leases.redis, logger: Leases.logger))
    await leases.redis.close()
    await redis.stop()
}
