import ChatAPI
import Foundation
import Postgres
import ServiceKit
import Testing

@testable import Social

struct DeletionStoreTests {
    @Test func `whoever is gone has no friends, no requests and no groups any more`() async throws {
        try await withSocial { social in
            let deletions = DeletionStore(postgres: social.postgres)
            try await social.befriend(.alice, .bob)
            try await social.befriend(.alice, .carol)
            let request = try await social.requests().request(from: .dave, to: .alice, reason: "").value
            let group = try await social.chatrooms.create(name: "tea", owner: .bob, members: [.alice]).value.id
            let before = try await social.feed().count
            _ = try await deletions.remove(.alice)
            let news = try await social.feed().dropFirst(before).map(\.what)
            #expect(news.contains(.friendRemoved(.alice, .bob)))
            #expect(news.contains(.friendRemoved(.alice, .carol)))
            #expect(news.contains(.memberRemoved(chatroom: group, user: .alice, by: .alice)))
            #expect(try await social.friends.friends(of: .alice, after: nil, limit: 10).isEmpty)
            #expect(try await social.members.members(of: group, for: .bob, after: nil, limit: 10).map(\.user) == [.bob])
            await #expect(throws: SocialError.notPending) { try await social.requests().agree(request.id, by: .alice) }
            await #expect(throws: SocialError.userNotFound) {
                try await social.requests().request(from: .dave, to: .alice, reason: "")
            }
            #expect(try await deletions.remove(.alice).position == nil)
        }
    }

    @Test func `a group whose owner is gone goes to an admin, else to who came first, else it ends`() async throws {
        try await withSocial { social in
            for friend in [UserID.bob, .carol] { try await social.befriend(.alice, friend) }
            let led = try await social.chatrooms.create(name: "led", owner: .alice, members: [.bob, .carol]).value.id
            _ = try await social.members.update(.carol, in: led, with: MemberUpdate(role: .admin), by: .alice)
            let plain = try await social.chatrooms.create(name: "plain", owner: .alice, members: [.bob, .carol]).value
                .id
            let own = try await social.chatrooms.create(name: "own", owner: .alice, members: []).value.id
            _ = try await DeletionStore(postgres: social.postgres).remove(.alice)
            #expect(try await social.members.role(of: .carol, in: led) == .owner)
            #expect(try await social.members.role(of: .bob, in: led) == .member)
            #expect(try await social.members.role(of: .bob, in: plain) == .owner)
            #expect(try await social.chatrooms.chatroom(led, for: .carol).memberCount == 2)
            // Who owns it may do what an owner may.
            _ = try await social.chatrooms.dissolve(plain, by: .bob)
            #expect(try await social.feed().map(\.what).contains(.chatroomDissolved(chatroom: own, by: .alice)))
        }
    }

    @Test func `a direct chatroom stays for the other to read, and nobody writes there`() async throws {
        try await withSocial { social in
            try await social.befriend(.alice, .bob)
            let direct = try await social.chatrooms.direct(of: .bob, with: .alice).value.id
            _ = try await social.blocks.block(.alice, by: .bob)
            _ = try await DeletionStore(postgres: social.postgres).remove(.alice)
            #expect(try await social.chatrooms.chatroom(direct, for: .bob).peer == .alice)
            await #expect(throws: SocialError.userNotFound) { try await social.blocks.unblock(.alice, by: .bob) }
            let bob = try await social.memberships.memberships(of: [.bob]).users[0].chatrooms
            #expect(bob.map(\.canSend) == [false])
        }
    }

    @Test func `the place in Auth's feed is kept, and another epoch begins anew`() async throws {
        try await withSocial { social in
            let deletions = DeletionStore(postgres: social.postgres)
            #expect(try await deletions.position() == nil)
            let (first, second) = (UUID(), UUID())
            try await deletions.follow(from: FeedPosition(epoch: first, position: 0))
            try await deletions.advance(to: 7)
            try await deletions.advance(to: 5)
            try await deletions.follow(from: FeedPosition(epoch: first, position: 0))
            #expect(try await deletions.position() == FeedPosition(epoch: first, position: 7))
            try await deletions.follow(from: FeedPosition(epoch: second, position: 0))
            #expect(try await deletions.position() == FeedPosition(epoch: second, position: 0))
        }
    }

    @Test func `whoever is deleted while somebody adds them is no member after it`() async throws {
        try await withSocial { social in
            let deletions = DeletionStore(postgres: social.postgres)
            for number in 10..<40 {
                let user = UserID(Int64(number))
                try await social.befriend(.alice, user)
                let group = try await social.chatrooms.create(name: "tea", owner: .alice, members: []).value.id
                async let added = try? social.members.add([user], to: group, by: .alice)
                async let made = try? social.chatrooms.create(name: "more", owner: .alice, members: [user])
                async let gone = deletions.remove(user)
                _ = try await (added, made, gone)
                #expect(
                    try await social.count("SELECT count(*) FROM social.chatroom_members WHERE user_id = \(user)") == 0)
            }
            await #expect(throws: SocialError.userNotFound) {
                try await social.chatrooms.create(name: "late", owner: .alice, members: [UserID(10)])
            }
        }
    }
}
