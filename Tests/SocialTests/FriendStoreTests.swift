import ChatAPI
import Postgres
import Testing

@testable import Social

struct FriendStoreTests {
    @Test func `a friendship ends for both, from either side, once`() async throws {
        try await withSocial { social in
            try await social.befriend(.alice, .bob)
            let removed = try await social.friends.remove(.alice, by: .bob)
            #expect(try await social.feed().last?.what == .friendRemoved(.bob, .alice))
            #expect(try await social.feed().last?.position == removed.position)
            #expect(try await social.friends.friends(of: .alice, after: nil, limit: 10).isEmpty)
            await #expect(throws: SocialError.friendNotFound) { try await social.friends.remove(.bob, by: .alice) }
        }
    }

    @Test func `a remark is its writer's alone, can be taken back, and goes with the friendship`() async throws {
        try await withSocial { social in
            try await social.befriend(.bob, .alice)
            let kept = try await social.friends.setRemark("my Bob", of: .bob, by: .alice)
            #expect(kept.remark == "my Bob")
            _ = try await social.friends.setRemark("Bobby", of: .bob, by: .alice)
            #expect(try await social.friends.friends(of: .alice, after: nil, limit: 10).map(\.remark) == ["Bobby"])
            #expect(try await social.friends.friends(of: .bob, after: nil, limit: 10).map(\.remark) == [nil])
            #expect(try await social.friends.setRemark(nil, of: .bob, by: .alice).remark == nil)

            _ = try await social.friends.setRemark("again", of: .bob, by: .alice)
            _ = try await social.friends.remove(.bob, by: .alice)
            try await social.befriend(.alice, .bob)
            #expect(try await social.friends.friends(of: .alice, after: nil, limit: 10).map(\.remark) == [nil])
        }
    }

    @Test func `who is no friend gets no remark`() async throws {
        try await withSocial { social in
            await #expect(throws: SocialError.friendNotFound) {
                try await social.friends.setRemark("x", of: .mallory, by: .alice)
            }
            let remarks = try await social.count("SELECT count(*) FROM social.remarks")
            #expect(remarks == 0)
        }
    }

    @Test func `friends come in pages, whichever of the two has the lower id`() async throws {
        try await withSocial { social in
            for other: Int64 in [1, 2, 9, 10] { try await social.befriend(UserID(5), UserID(other)) }
            #expect(
                try await social.friends.friends(of: UserID(5), after: nil, limit: 3).map(\.user.rawValue) == [1, 2, 9])
            #expect(
                try await social.friends.friends(of: UserID(5), after: UserID(2), limit: 3).map(\.user.rawValue) == [
                    9, 10,
                ])
        }
    }
}
