import ChatAPI
import Foundation
import Postgres
import Testing

@testable import Social

struct ChatroomStoreTests {
    @Test func `fifty calls at once from both sides make one direct chatroom`() async throws {
        try await withSocial { social in
            try await social.befriend(.alice, .bob)
            let before = try await social.feed().count
            let ids = try await withThrowingTaskGroup(of: ChatroomID.self) { group in
                for call in 0..<50 {
                    let (one, other) = call % 2 == 0 ? (UserID.alice, UserID.bob) : (.bob, .alice)
                    group.addTask { try await social.chatrooms.direct(of: one, with: other).value.id }
                }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(ids.count == 1)
            #expect(try await social.count("SELECT count(*) FROM social.chatrooms") == 1)
            #expect(try await social.count("SELECT count(*) FROM social.chatroom_members") == 2)
            let made = try await social.feed().dropFirst(before)
            #expect(made.map(\.what) == [.directCreated(chatroom: try #require(ids.first), members: [.alice, .bob])])
        }
    }

    @Test func `a direct chatroom bears the peer, and only friends get one`() async throws {
        try await withSocial { social in
            await #expect(throws: SocialError.friendNotFound) {
                try await social.chatrooms.direct(of: .alice, with: .bob)
            }
            try await social.befriend(.alice, .bob)
            let made = try await social.chatrooms.direct(of: .bob, with: .alice)
            #expect(made.value.peer == .alice)
            #expect(try await social.chatrooms.chatroom(made.value.id, for: .alice).peer == .bob)
            #expect(made.value.memberCount == 2)
            // Who finds what was made this moment is told a position to wait for, as is who made it.
            #expect(try await social.chatrooms.direct(of: .alice, with: .bob).position == made.position)
        }
    }

    @Test func `a group is made of its owner and members, in the feed's order`() async throws {
        try await withSocial { social in
            let made = try await social.chatrooms.create(name: "tea", owner: .alice, members: [.bob, .carol])
            let id = made.value.id
            #expect(made.value.role == .owner)
            #expect(made.value.memberCount == 3)
            #expect(made.position == 3)
            #expect(
                try await social.feed().map(\.what) == [
                    .groupCreated(chatroom: id, name: "tea", owner: .alice),
                    .memberAdded(chatroom: id, user: .bob, by: .alice, role: .member, showsHistory: true),
                    .memberAdded(chatroom: id, user: .carol, by: .alice, role: .member, showsHistory: true),
                ])
            #expect(try await social.chatrooms.chatrooms(of: .carol, after: nil, limit: 10).map(\.id) == [id])
        }
    }

    @Test func `the same key again, also at once, makes one group`() async throws {
        try await withSocial { social in
            let key = UUID()
            let ids = try await withThrowingTaskGroup(of: ChatroomID.self) { group in
                for _ in 0..<10 {
                    group.addTask {
                        try await social.chatrooms.create(name: "tea", owner: .alice, members: [], key: key).value.id
                    }
                }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(ids.count == 1)
            #expect(try await social.feed().count == 1)
            let other = try await social.chatrooms.create(name: "tea", owner: .bob, members: [], key: key)
            #expect(!ids.contains(other.value.id))
        }
    }

    @Test func `only who manages a group changes it`() async throws {
        try await withSocial { social in
            let id = try await social.chatrooms.create(name: "tea", owner: .alice, members: [.bob]).value.id
            let rename = ChatroomUpdate(name: "mine")
            await #expect(throws: SocialError.forbidden) {
                try await social.chatrooms.update(id, with: rename, by: .bob)
            }
            await #expect(throws: SocialError.chatroomNotFound) {
                try await social.chatrooms.update(id, with: rename, by: .mallory)
            }
            await #expect(throws: SocialError.forbidden) { try await social.chatrooms.dissolve(id, by: .bob) }
            await #expect(throws: SocialError.chatroomNotFound) {
                try await social.chatrooms.dissolve(id, by: .mallory)
            }
            #expect(try await social.chatrooms.chatroom(id, for: .alice).name == "tea")
        }
    }

    @Test func `what is not given stays, and the feed names a new name only`() async throws {
        try await withSocial { social in
            let id = try await social.chatrooms.create(name: "tea", owner: .alice, members: []).value.id
            let address = "/api/media/files/1/a.png"
            _ = try await social.chatrooms.update(id, with: ChatroomUpdate(avatar: .some(address)), by: .alice)
            let renamed = try await social.chatrooms.update(
                id, with: ChatroomUpdate(name: "green tea", announcement: "at five", historyForNewMembers: true),
                by: .alice)
            #expect(renamed.value.name == "green tea")
            #expect(renamed.value.avatar == address)
            #expect(renamed.value.announcement == "at five")
            #expect(renamed.value.historyForNewMembers)
            let bare = try await social.chatrooms.update(id, with: ChatroomUpdate(avatar: .some(nil)), by: .alice)
            #expect(bare.value.avatar == nil)
            #expect(bare.value.name == "green tea")
            #expect(
                try await social.feed().dropFirst().map(\.what) == [
                    .chatroomUpdated(chatroom: id, name: nil, by: .alice),
                    .chatroomUpdated(chatroom: id, name: "green tea", by: .alice),
                    .chatroomUpdated(chatroom: id, name: nil, by: .alice),
                ])
        }
    }

    @Test func `a change that changes nothing makes no row`() async throws {
        try await withSocial { social in
            let id = try await social.chatrooms.create(name: "tea", owner: .alice, members: []).value.id
            let same = try await social.chatrooms.update(id, with: ChatroomUpdate(name: "tea"), by: .alice)
            #expect(same.position == nil)
            #expect(try await social.feed().count == 1)
        }
    }

    @Test func `a dissolved group is nobody's`() async throws {
        try await withSocial { social in
            let id = try await social.chatrooms.create(name: "tea", owner: .alice, members: [.bob]).value.id
            _ = try await social.chatrooms.dissolve(id, by: .alice)
            for user in [UserID.alice, .bob] {
                await #expect(throws: SocialError.chatroomNotFound) {
                    try await social.chatrooms.chatroom(id, for: user)
                }
                await #expect(throws: SocialError.chatroomNotFound) {
                    try await social.members.add([.carol], to: id, by: user)
                }
            }
            #expect(try await social.feed().last?.what == .chatroomDissolved(chatroom: id, by: .alice))
            #expect(try await social.memberships.members(of: [id]).chatrooms.map(\.members) == [[]])
        }
    }

    @Test func `settings are each member's own`() async throws {
        try await withSocial { social in
            let id = try await social.chatrooms.create(name: "tea", owner: .alice, members: [.bob]).value.id
            _ = try await social.chatrooms.setSettings(SettingsUpdate(pinned: true), of: id, for: .bob)
            let set = try await social.chatrooms.setSettings(SettingsUpdate(notify: Notify.none), of: id, for: .bob)
                .value
            #expect(set == ChatroomSettings(notify: .none, pinned: true, hidden: false))
            #expect(try await social.chatrooms.chatroom(id, for: .bob).settings == set)
            #expect(try await social.chatrooms.chatroom(id, for: .alice).settings == ChatroomSettings())
            let told = SocialChange.settingsChanged(chatroom: id, user: .bob, settings: set)
            #expect(try await social.feed().last?.what == told)
            let again = try await social.chatrooms.setSettings(SettingsUpdate(pinned: true), of: id, for: .bob)
            #expect(again.position == nil, "what changes nothing is told to nobody")
            await #expect(throws: SocialError.chatroomNotFound) {
                try await social.chatrooms.setSettings(SettingsUpdate(pinned: true), of: id, for: .mallory)
            }
        }
    }

    @Test func `a direct chatroom is not changed, left or dissolved`() async throws {
        try await withSocial { social in
            try await social.befriend(.alice, .bob)
            let id = try await social.chatrooms.direct(of: .alice, with: .bob).value.id
            await #expect(throws: SocialError.forbidden) {
                try await social.chatrooms.update(id, with: ChatroomUpdate(name: "x"), by: .alice)
            }
            await #expect(throws: SocialError.forbidden) { try await social.chatrooms.dissolve(id, by: .alice) }
            await #expect(throws: SocialError.forbidden) {
                try await social.members.remove(.alice, from: id, by: .alice)
            }
            await #expect(throws: SocialError.forbidden) { try await social.members.add([.carol], to: id, by: .alice) }
            await #expect(throws: SocialError.chatroomNotFound) {
                try await social.chatrooms.dissolve(id, by: .mallory)
            }
        }
    }
}
