import ChatAPI
import HTTPTypes
import Postgres
import Synchronization
import TestServers
import Testing

@testable import Social

/// What people let others do and see, as Social keeps to it.
struct PrivacyTests {
    @Test func `a request is taken from whom the receiver takes one, and refused alike from all others`() async throws {
        try await withSocialRoutes { social, standIns async throws in
            func ask(_ user: UserID, _ more: String = "") async throws -> (Int, String?) {
                let answer = try await social.call(.post, "/friend-requests", as: user, #"{"userId":2\#(more)}"#)
                return (answer.status.code, answer.code)
            }
            standIns.set(Privacy(requests: .nobody), of: .bob)
            #expect(try await ask(.alice) == (403, "request_not_allowed"))
            standIns.set(Privacy(requests: .code), of: .bob)
            #expect(try await ask(.alice) == (403, "request_not_allowed"))
            #expect(try await ask(.alice, #","code":"code3""#) == (403, "request_not_allowed"))
            #expect(try await ask(.alice, #","code":"code2""#) == (201, nil))
            standIns.set(Privacy(requests: .sharesChatroom), of: .bob)
            #expect(try await ask(.carol) == (403, "request_not_allowed"))
            try await social.befriend(.dave, .carol)
            _ = try await social.call(.post, "/friend-requests", as: .bob, #"{"userId":4}"#)
            #expect(try await ask(.dave).0 == 200, "who was asked may agree by asking")
            _ = try await social.group("tea", owner: .dave, members: [.bob, .carol])
            #expect(try await ask(.carol) == (201, nil))
        }
    }

    @Test func `a direct chatroom is nothing that strangers share`() async throws {
        try await withSocialRoutes { social, standIns in
            try await social.befriend(.alice, .bob)
            _ = try await social.call(.put, "/chatrooms/direct/2", as: .alice)
            _ = try await social.call(.delete, "/friends/2", as: .alice)
            standIns.set(Privacy(requests: .sharesChatroom), of: .bob)
            let answer = try await social.call(.post, "/friend-requests", as: .alice, #"{"userId":2}"#)
            #expect(answer.code == "request_not_allowed")
        }
    }

    @Test func `who is new may ask fewer people in a day`() async throws {
        let limits = ["SOCIAL_REQUESTS_PER_DAY": "5", "SOCIAL_REQUESTS_PER_DAY_WHEN_NEW": "2"]
        try await withSocialRoutes(limits) { social, standIns async throws in
            func ask(_ user: Int) async throws -> Int {
                try await social.call(.post, "/friend-requests", as: .alice, #"{"userId":\#(user)}"#).status.code
            }
            standIns.since.withLock { $0 = .now }
            #expect(try await ask(11) == 201)
            #expect(try await ask(12) == 201)
            #expect(try await ask(13) == 429)
            standIns.since.withLock { $0 = Timestamp(milliseconds: Timestamp.now.milliseconds - 4 * 86_400_000) }
            for user in 13...15 { #expect(try await ask(user) == 201) }
            #expect(try await ask(16) == 429)
        }
    }

    @Test func `friends see when one was last online, and of who hides it nothing`() async throws {
        let redis = try await PrivateRedis.start()
        try await withSocialRoutes(redis: redis.url) { social, standIns in
            standIns.set(Privacy(presence: .nobody), of: .carol)
            try await social.befriend(.alice, .bob)
            try await social.befriend(.alice, .carol)
            let at = Timestamp(milliseconds: 1_800_000_000_000)
            try await social.store { try await $0.note([.init(id: .bob, at: at), .init(id: .carol, at: at)]) }
            try await social.store { try await $0.note([.init(id: .bob, at: Timestamp(milliseconds: 5))]) }
            let friends = try await social.call(.get, "/friends", as: .alice).decode(FriendList.self).friends
            #expect(friends.map(\.lastSeenAt) == [at, nil])
            _ = try await social.call(.put, "/blocks/1", as: .bob)
            let after = try await social.call(.get, "/friends", as: .alice).decode(FriendList.self).friends
            #expect(after.map(\.lastSeenAt) == [nil, nil])
        }
        await redis.stop()
    }

    @Test func `a list of a thousand friends asks Auth once`() async throws {
        try await withSocialRoutes { social, standIns in
            try await social.database.postgres.execute(
                "INSERT INTO social.friendships (low_id, high_id) SELECT 1, id FROM generate_series(2, 1001) AS id")
            var (count, path) = (0, "/friends?limit=200")
            while true {
                let page = try await social.call(.get, path, as: .alice).decode(FriendList.self)
                count += page.friends.count
                guard let next = page.next else { break }
                path = "/friends?limit=200&cursor=\(next)"
            }
            #expect(count == 1_000)
            #expect(standIns.lookups.withLock { $0.count } <= 3)
        }
    }

    @Test func `friends between whom a block comes see each other no more, strangers are told nothing`() async throws {
        try await withSocial { social in
            try await social.befriend(.alice, .bob)
            _ = try await social.blocks.block(.bob, by: .alice)
            #expect(try await social.feed().last?.what == .sightChanged(.alice, .bob, canSee: false))
            _ = try await social.blocks.block(.alice, by: .bob)
            let told = try await social.feed().count
            _ = try await social.blocks.unblock(.bob, by: .alice)
            #expect(try await social.feed().count == told, "one block is left")
            _ = try await social.blocks.unblock(.alice, by: .bob)
            #expect(try await social.feed().last?.what == .sightChanged(.alice, .bob, canSee: true))
            let before = try await social.feed().count
            _ = try await social.blocks.block(.carol, by: .alice)
            #expect(try await social.feed().count == before)
        }
    }
}

extension StandIns {
    func set(_ privacy: Privacy, of user: UserID) { self.privacy.withLock { $0[user] = privacy } }
}

extension SocialClient {
    fileprivate func store(_ body: (LastSeenStore) async throws -> Void) async throws {
        try await body(LastSeenStore(postgres: self.database.postgres))
    }
}
