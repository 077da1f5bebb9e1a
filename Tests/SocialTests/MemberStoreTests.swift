import ChatAPI
import Postgres
import Testing

@testable import Social

struct MemberStoreTests {
    @Test func `whoever is in stays as they are, whoever is added comes by the feed`() async throws {
        try await withSocial { social in
            let id = try await social.chatrooms.create(name: "tea", owner: .alice, members: [.bob]).value.id
            let added = try await social.members.add([.bob, .carol, .dave], to: id, by: .bob)
            #expect(added.value.map(\.user) == [.bob, .carol, .dave])
            #expect(
                try await social.feed().suffix(2).map(\.what) == [
                    .memberAdded(chatroom: id, user: .carol, by: .bob, role: .member, showsHistory: false),
                    .memberAdded(chatroom: id, user: .dave, by: .bob, role: .member, showsHistory: false),
                ])
            #expect(try await social.chatrooms.chatroom(id, for: .dave).memberCount == 4)
            #expect(try await social.members.add([.carol], to: id, by: .alice).position == nil)
            await #expect(throws: SocialError.chatroomNotFound) {
                try await social.members.add([.mallory], to: id, by: .mallory)
            }
        }
    }

    @Test func `the size of a group holds also when all are added at once`() async throws {
        try await withSocial(maxMembers: 5) { social in
            let id = try await social.chatrooms.create(name: "tea", owner: .alice, members: []).value.id
            let added = await withTaskGroup(of: Bool.self) { group in
                for user in 10..<30 {
                    group.addTask { (try? await social.members.add([UserID(Int64(user))], to: id, by: .alice)) != nil }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(added == 4)
            #expect(try await social.chatrooms.chatroom(id, for: .alice).memberCount == 5)
            #expect(try await social.count("SELECT count(*) FROM social.chatroom_members") == 5)
            await #expect(throws: SocialError.chatroomFull) { try await social.members.add([.bob], to: id, by: .alice) }
            await #expect(throws: SocialError.chatroomFull) {
                try await social.chatrooms.create(name: "x", owner: .alice, members: (10...14).map { UserID($0) })
            }
        }
    }

    @Test func `nobody removes their like or who stands above them`() async throws {
        try await withSocial { social in
            let id = try await social.chatrooms.create(name: "tea", owner: .alice, members: [.bob, .carol, .dave]).value
                .id
            _ = try await social.members.update(.bob, in: id, with: MemberUpdate(role: .admin), by: .alice)
            _ = try await social.members.update(.carol, in: id, with: MemberUpdate(role: .admin), by: .alice)
            for (member, by) in [(UserID.alice, UserID.bob), (.carol, .bob), (.alice, .dave), (.bob, .dave)] {
                await #expect(throws: SocialError.forbidden) {
                    try await social.members.remove(member, from: id, by: by)
                }
            }
            await #expect(throws: SocialError.memberNotFound) {
                try await social.members.remove(.mallory, from: id, by: .alice)
            }
            await #expect(throws: SocialError.chatroomNotFound) {
                try await social.members.remove(.dave, from: id, by: .mallory)
            }
            _ = try await social.members.remove(.dave, from: id, by: .bob)
            _ = try await social.members.remove(.carol, from: id, by: .alice)
            #expect(try await social.memberships.members(of: [id]).chatrooms.map(\.members) == [[.alice, .bob]])
            await #expect(throws: SocialError.chatroomNotFound) {
                try await social.members.members(of: id, for: .dave, after: nil, limit: 10)
            }
        }
    }

    @Test func `anybody but the owner leaves`() async throws {
        try await withSocial { social in
            let id = try await social.chatrooms.create(name: "tea", owner: .alice, members: [.bob]).value.id
            await #expect(throws: SocialError.ownerCannotLeave) {
                try await social.members.remove(.alice, from: id, by: .alice)
            }
            _ = try await social.members.remove(.bob, from: id, by: .bob)
            #expect(try await social.feed().last?.what == .memberRemoved(chatroom: id, user: .bob, by: .bob))
            await #expect(throws: SocialError.chatroomNotFound) {
                try await social.members.remove(.bob, from: id, by: .bob)
            }
        }
    }

    @Test func `only the owner gives roles, and nobody takes the owner's`() async throws {
        try await withSocial { social in
            let id = try await social.chatrooms.create(name: "tea", owner: .alice, members: [.bob, .carol]).value.id
            let admin = MemberUpdate(role: .admin), member = MemberUpdate(role: .member)
            await #expect(throws: SocialError.forbidden) {
                try await social.members.update(.bob, in: id, with: admin, by: .bob)
            }
            let changed = try await social.members.update(.bob, in: id, with: admin, by: .alice)
            #expect(changed.value.role == .admin)
            #expect(try await social.feed().last?.what == changed.value.change(in: id))
            for (target, update) in [(UserID.alice, member), (.carol, admin), (.bob, member)] {
                await #expect(throws: SocialError.forbidden) {
                    try await social.members.update(target, in: id, with: update, by: .bob)
                }
            }
            await #expect(throws: SocialError.chatroomNotFound) {
                try await social.members.update(.bob, in: id, with: admin, by: .mallory)
            }
        }
    }

    @Test func `an admin mutes a member, and ends the mute`() async throws {
        try await withSocial { social in
            let id = try await social.chatrooms.create(name: "tea", owner: .alice, members: [.bob, .carol]).value.id
            _ = try await social.members.update(.bob, in: id, with: MemberUpdate(role: .admin), by: .alice)
            let until = Timestamp(milliseconds: 1_900_000_000_123)
            let muted = try await social.members.update(
                .carol, in: id, with: MemberUpdate(mutedUntil: .some(until)), by: .bob)
            #expect(muted.value.mutedUntil == until)
            let memberships = try await social.memberships.memberships(of: [.carol]).users
            #expect(memberships.first?.chatrooms.first?.mutedUntil == until)
            let free = try await social.members.update(
                .carol, in: id, with: MemberUpdate(mutedUntil: .some(nil)), by: .bob)
            #expect(free.value.mutedUntil == nil)
            await #expect(throws: SocialError.forbidden) {
                try await social.members.update(.alice, in: id, with: MemberUpdate(mutedUntil: .some(until)), by: .bob)
            }
        }
    }

    @Test func `a group is handed over by its owner to a member`() async throws {
        try await withSocial { social in
            let id = try await social.chatrooms.create(name: "tea", owner: .alice, members: [.bob]).value.id
            await #expect(throws: SocialError.forbidden) { try await social.members.transfer(id, to: .bob, by: .bob) }
            await #expect(throws: SocialError.memberNotFound) {
                try await social.members.transfer(id, to: .carol, by: .alice)
            }
            _ = try await social.members.transfer(id, to: .bob, by: .alice)
            #expect(try await social.members.role(of: .bob, in: id) == .owner)
            #expect(try await social.members.role(of: .alice, in: id) == .admin)
            _ = try await social.members.remove(.alice, from: id, by: .alice)
            #expect(try await social.members.role(of: .bob, in: id) == .owner)
        }
    }

    @Test func `two who remove each other at once: one of them stays`() async throws {
        try await withSocial { social in
            for _ in 0..<10 {
                let id = try await social.chatrooms.create(name: "tea", owner: .alice, members: [.bob]).value.id
                // The owner steps down for an admin who is thrown out by the new owner, whoever is first.
                _ = try await social.members.update(.bob, in: id, with: MemberUpdate(role: .admin), by: .alice)
                async let transfer = try? social.members.transfer(id, to: .bob, by: .alice)
                async let removal = try? social.members.remove(.bob, from: id, by: .alice)
                let done = await (transfer: transfer != nil, removal: removal != nil)
                #expect(done.transfer != done.removal)
                let members = try await social.members.members(of: id, for: .alice, after: nil, limit: 10)
                #expect(members.filter { $0.role == .owner }.count == 1)
                #expect(members.count == (done.removal ? 1 : 2))
            }
        }
    }
}
