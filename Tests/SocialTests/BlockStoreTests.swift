import ChatAPI
import Testing

@testable import Social

struct BlockStoreTests {
    @Test func `a block stops requests from both sides and ends the one that waits`() async throws {
        try await withSocial { social in
            let requests = social.requests()
            let id = try await requests.request(from: .mallory, to: .alice, reason: "").value.id
            _ = try await social.blocks.block(.mallory, by: .alice)
            #expect(try await requests.received(by: .alice, limit: 1).first?.status == .rejected)
            await #expect(throws: SocialError.notPending) { try await requests.agree(id, by: .alice) }
            for (one, other) in [(UserID.alice, UserID.mallory), (.mallory, .alice)] {
                await #expect(throws: SocialError.forbidden) {
                    try await requests.request(from: one, to: other, reason: "")
                }
            }
        }
    }

    @Test func `a block silences the direct chatroom, until nobody blocks the other`() async throws {
        try await withSocial { social in
            try await social.befriend(.alice, .bob)
            let chatroom = try await social.chatrooms.direct(of: .alice, with: .bob).value.id
            func canSend() async throws -> [Bool] {
                let answer = try await social.memberships.memberships(of: [.alice, .bob])
                return answer.users.flatMap(\.chatrooms).map(\.canSend)
            }
            let blocked = try await social.blocks.block(.bob, by: .alice)
            #expect(try await canSend() == [false, false])
            let rows = try await social.feed().suffix(3)
            #expect(rows.last?.position == blocked.position)
            #expect(
                Set(rows.map(\.what)) == [
                    .memberUpdated(
                        chatroom: chatroom, membership: Membership(id: chatroom, role: .member, canSend: false),
                        user: .alice),
                    .memberUpdated(
                        chatroom: chatroom, membership: Membership(id: chatroom, role: .member, canSend: false),
                        user: .bob),
                    .sightChanged(.alice, .bob, canSee: false),
                ])
            _ = try await social.blocks.block(.alice, by: .bob)
            #expect(try await social.blocks.unblock(.bob, by: .alice).position == nil)
            #expect(try await canSend() == [false, false])
            _ = try await social.blocks.unblock(.alice, by: .bob)
            #expect(try await canSend() == [true, true])
        }
    }

    @Test func `a block stops a new direct chatroom and adding to groups`() async throws {
        try await withSocial { social in
            try await social.befriend(.alice, .bob)
            _ = try await social.blocks.block(.alice, by: .bob)
            await #expect(throws: SocialError.forbidden) { try await social.chatrooms.direct(of: .alice, with: .bob) }
            await #expect(throws: SocialError.forbidden) {
                try await social.acquaintances.checkMayAdd([.bob], by: .alice)
            }
            await #expect(throws: SocialError.forbidden) {
                try await social.acquaintances.checkMayAdd([.alice], by: .bob)
            }
        }
    }

    @Test func `blocking twice is blocking once, and unblocking nobody is refused`() async throws {
        try await withSocial { social in
            let first = try await social.blocks.block(.bob, by: .alice).value
            #expect(try await social.blocks.block(.bob, by: .alice).value == first)
            #expect(try await social.blocks.blocks(of: .alice, after: nil, limit: 10) == [first])
            #expect(try await social.blocks.blocks(of: .bob, after: nil, limit: 10).isEmpty)
            await #expect(throws: SocialError.blockNotFound) { try await social.blocks.unblock(.alice, by: .bob) }
        }
    }
}
