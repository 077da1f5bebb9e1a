import ChatAPI
import Foundation
import Logging
import Postgres
import ServiceKit
import Testing

@testable import Social

struct FriendRequestStoreTests {
    @Test func `agreeing makes one friendship, and the feed tells both of it`() async throws {
        try await withSocial { social in
            let requests = social.requests()
            let asked = try await requests.request(from: .bob, to: .alice, reason: "hello")
            #expect(asked.value.status == .pending)
            let agreed = try await requests.agree(asked.value.id, by: .alice)
            #expect(agreed.value.status == .agreed)
            #expect(agreed.position == 3)

            let friends = try await social.friends.friends(of: .alice, after: nil, limit: 10)
            #expect(friends.map(\.user) == [.bob])
            #expect(try await social.friends.friends(of: .bob, after: nil, limit: 10).map(\.user) == [.alice])
            #expect(
                try await social.feed().map(\.what) == [
                    asked.value.change, agreed.value.change, .friendAdded(.bob, .alice),
                ])
        }
    }

    @Test func `crossed requests at once from both sides make one friendship of one row`() async throws {
        try await withSocial { social in
            let requests = social.requests()
            for round in 1...25 {
                let one = UserID(Int64(round * 2)), other = UserID(Int64(round * 2 + 1))
                async let there = requests.request(from: one, to: other, reason: "")
                async let back = requests.request(from: other, to: one, reason: "")
                let made = try await [there.value, back.value]
                #expect(Set(made.map(\.id)).count == 1)
                #expect(Set(made.map(\.status)) == [.pending, .agreed])
            }
            #expect(try await social.count("SELECT count(*) FROM social.friendships") == 25)
            #expect(try await social.count("SELECT count(*) FROM social.friend_requests WHERE status = 'agreed'") == 25)
            #expect(try await social.count("SELECT count(*) FROM social.friend_requests") == 25)
        }
    }

    @Test func `many equal requests at once make one, the others are refused`() async throws {
        try await withSocial { social in
            let requests = social.requests()
            let refused = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        do {
                            _ = try await requests.request(from: .alice, to: .bob, reason: "")
                            return false
                        } catch SocialError.alreadyRequested {
                            return true
                        }
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(refused == 19)
            #expect(try await social.count("SELECT count(*) FROM social.friend_requests") == 1)
        }
    }

    @Test func `an answer, a withdrawal and a crossed request at once settle a request once`() async throws {
        try await withSocial { social in
            let requests = social.requests(FriendRequestRules(maxPerDay: 1000, maxPending: 1000, coolDown: .zero))
            for round in 1...20 {
                let one = UserID(Int64(round * 2)), other = UserID(Int64(round * 2 + 1))
                let id = try await requests.request(from: one, to: other, reason: "").value.id
                let settled = await withTaskGroup(of: Bool.self) { group in
                    group.addTask { (try? await requests.agree(id, by: other)) != nil }
                    group.addTask { (try? await requests.reject(id, by: other)) != nil }
                    group.addTask { (try? await requests.cancel(id, by: one)) != nil }
                    group.addTask { (try? await requests.request(from: other, to: one, reason: ""))?.value.id == id }
                    return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
                }
                #expect(settled == 1)
                let isAgreed = try await social.count(
                    "SELECT count(*) FROM social.friend_requests WHERE id = \(id) AND status = 'agreed'")
                let areFriends = try await social.friends.friends(of: one, among: [other]).count
                #expect(isAgreed == areFriends)
            }
        }
    }

    @Test func `only the receiver answers, only the sender takes back`() async throws {
        try await withSocial { social in
            let requests = social.requests()
            let id = try await requests.request(from: .alice, to: .bob, reason: "").value.id
            for stranger in [UserID.alice, .mallory] {
                await #expect(throws: SocialError.friendRequestNotFound) { try await requests.agree(id, by: stranger) }
                await #expect(throws: SocialError.friendRequestNotFound) { try await requests.reject(id, by: stranger) }
            }
            for stranger in [UserID.bob, .mallory] {
                await #expect(throws: SocialError.friendRequestNotFound) { try await requests.cancel(id, by: stranger) }
            }
            let unknown = FriendRequestID(999_999)
            await #expect(throws: SocialError.friendRequestNotFound) { try await requests.agree(unknown, by: .bob) }

            #expect(try await requests.reject(id, by: .bob).value.status == .rejected)
            await #expect(throws: SocialError.notPending) { try await requests.agree(id, by: .bob) }
            await #expect(throws: SocialError.notPending) { try await requests.reject(id, by: .bob) }
            await #expect(throws: SocialError.notPending) { try await requests.cancel(id, by: .alice) }
            await #expect(throws: SocialError.friendRequestNotFound) { try await requests.agree(id, by: .mallory) }
        }
    }

    @Test func `friends are not asked again, until they are friends no more`() async throws {
        try await withSocial { social in
            try await social.befriend(.alice, .bob)
            let requests = social.requests()
            await #expect(throws: SocialError.alreadyFriends) {
                try await requests.request(from: .bob, to: .alice, reason: "")
            }
            _ = try await social.friends.remove(.alice, by: .bob)
            #expect(try await requests.request(from: .bob, to: .alice, reason: "").value.status == .pending)
        }
    }

    @Test func `the quota of pending requests holds also when all are made at once`() async throws {
        try await withSocial { social in
            let requests = social.requests(FriendRequestRules(maxPerDay: 100, maxPending: 3))
            let made = await withTaskGroup(of: Bool.self) { group in
                for other in 10..<30 {
                    group.addTask {
                        (try? await requests.request(from: .alice, to: UserID(Int64(other)), reason: "")) != nil
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(made == 3)
            await #expect(throws: RequestError.tooManyRequests(retryAfter: 3600)) {
                try await requests.request(from: .alice, to: .bob, reason: "")
            }
        }
    }

    @Test func `the quota of a day counts also what was taken back`() async throws {
        try await withSocial { social in
            let requests = social.requests(FriendRequestRules(maxPerDay: 2, maxPending: 100))
            for other in [UserID.bob, .carol] {
                let made = try await requests.request(from: .alice, to: other, reason: "")
                _ = try await requests.cancel(made.value.id, by: .alice)
            }
            let refusal = await #expect(throws: RequestError.self) {
                try await requests.request(from: .alice, to: .dave, reason: "")
            }
            #expect((86_390...86_400).contains(refusal?.retryAfter ?? 0))
            // A day later.
            _ = try await social.postgres.execute(
                """
                UPDATE social.friend_requests SET created_at = created_at - interval '1 day'
                WHERE to_id = \(UserID.bob)
                """)
            #expect(try await requests.request(from: .alice, to: .dave, reason: "").value.status == .pending)
        }
    }

    @Test func `who was rejected waits before asking again, the other need not`() async throws {
        try await withSocial { social in
            let requests = social.requests(FriendRequestRules(coolDown: .seconds(600)))
            let made = try await requests.request(from: .alice, to: .bob, reason: "")
            _ = try await requests.reject(made.value.id, by: .bob)
            let refusal = await #expect(throws: RequestError.self) {
                try await requests.request(from: .alice, to: .bob, reason: "")
            }
            #expect((590...600).contains(refusal?.retryAfter ?? 0))
            #expect(try await requests.request(from: .bob, to: .alice, reason: "").value.status == .pending)
        }
    }

    @Test func `the same key again gives the same answer and makes nothing`() async throws {
        try await withSocial { social in
            let requests = social.requests()
            let key = UUID()
            let first = try await requests.request(from: .alice, to: .bob, reason: "", key: key)
            let again = try await requests.request(from: .alice, to: .bob, reason: "", key: key)
            #expect(again.value == first.value)
            #expect(again.position == nil)

            let crossing = UUID()
            let agreed = try await requests.request(from: .bob, to: .alice, reason: "", key: crossing)
            #expect(agreed.value.status == .agreed)
            let agreedAgain = try await requests.request(from: .bob, to: .alice, reason: "", key: crossing)
            #expect(agreedAgain.value == agreed.value)
            #expect(try await social.feed().count == 3)
        }
    }

    @Test func `the lists show pending requests first, then the newest`() async throws {
        try await withSocial { social in
            let requests = social.requests()
            let first = try await requests.request(from: .alice, to: .bob, reason: "").value.id
            let second = try await requests.request(from: .carol, to: .bob, reason: "").value.id
            let third = try await requests.request(from: .dave, to: .bob, reason: "").value.id
            _ = try await requests.reject(second, by: .bob)
            _ = try await requests.reject(third, by: .bob)
            #expect(try await requests.received(by: .bob, limit: 10).map(\.id) == [first, third, second])
            #expect(try await requests.received(by: .bob, limit: 2).map(\.id) == [first, third])
            #expect(try await requests.sent(by: .carol, limit: 10).map(\.id) == [second])
            #expect(try await requests.sent(by: .bob, limit: 10).isEmpty)
        }
    }

    @Test func `a request that has waited too long has expired, and another may be made`() async throws {
        try await withSocial { social in
            let requests = social.requests(FriendRequestRules(maxPending: 1))
            let asked = try await requests.request(from: .bob, to: .alice, reason: "").value
            try await social.age(asked.id)
            #expect(try await requests.received(by: .alice, limit: 10).map(\.status) == [.expired])
            #expect(try await requests.sent(by: .bob, limit: 10).map(\.status) == [.expired])
            await #expect(throws: SocialError.notPending) { try await requests.agree(asked.id, by: .alice) }
            await #expect(throws: SocialError.notPending) { try await requests.reject(asked.id, by: .alice) }
            await #expect(throws: SocialError.notPending) { try await requests.cancel(asked.id, by: .bob) }
            let again = try await requests.request(from: .alice, to: .bob, reason: "").value
            #expect(again.status == .pending)
            #expect(again.from == .alice)
            let told = try await social.feed().compactMap { change -> FriendRequestStatus? in
                if case .friendRequest(_, _, _, _, let status, _) = change.what { status } else { nil }
            }
            #expect(told == [.pending, .expired, .pending])
        }
    }

    @Test func `requests that nobody touches any more are ended, once each, and both are told`() async throws {
        try await withSocial { social in
            let requests = social.requests()
            let old = try await requests.request(from: .bob, to: .alice, reason: "").value
            let young = try await requests.request(from: .carol, to: .alice, reason: "").value
            try await social.age(old.id)
            let upkeep = Upkeep(
                requests: requests,
                store: UpkeepStore(
                    postgres: social.postgres, auditRetention: .seconds(2_592_000), feedRetention: .seconds(2_592_000)),
                interval: .seconds(1), logger: Logger(label: "test")
            ) { _ in }
            async let one: Void = upkeep.tidy()
            async let other: Void = upkeep.tidy()
            _ = try await (one, other)
            let feed = try await social.feed()
            #expect(feed.count == 3)
            let expired = try await requests.sent(by: .bob, limit: 1)
            #expect(expired.map(\.id) == [old.id] && expired.map(\.status) == [.expired])
            #expect(feed.last?.what == expired.first?.change)
            #expect(try await requests.agree(young.id, by: .alice).value.status == .agreed)
        }
    }
}

extension SocialDatabase {
    /// Makes a request look as if it had been made 31 days ago.
    fileprivate func age(_ id: FriendRequestID) async throws {
        try await self.postgres.execute(
            "UPDATE social.friend_requests SET created_at = created_at - interval '31 days' WHERE id = \(id)")
    }
}
