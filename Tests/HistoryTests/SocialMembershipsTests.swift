import ChatAPI
import Testing

@testable import History

struct SocialMembershipsTests {
    private func told(_ changes: SocialChange...) -> [ChatroomID: SocialMemberships.Chatroom] {
        var told = SocialMemberships()
        for change in changes { told.apply(change) }
        return told.chatrooms
    }

    @Test func `who came and has not left is a member, as they are now`() {
        let until = Timestamp(milliseconds: 1_000)
        let muted = Membership(id: .lobby, role: .admin, mutedUntil: until, canSend: false)
        #expect(
            self.told(
                .groupCreated(chatroom: .lobby, name: "tea", owner: .alice),
                .memberAdded(chatroom: .lobby, user: .bob, by: .alice, role: .member, showsHistory: false),
                .memberAdded(chatroom: .lobby, user: .carol, by: .alice, role: .member, showsHistory: true),
                .memberUpdated(chatroom: .lobby, membership: muted, user: .bob),
                .memberRemoved(chatroom: .lobby, user: .carol, by: .alice),
                .memberUpdated(chatroom: .lobby, membership: muted, user: .carol),
                .directCreated(chatroom: .cellar, members: [.alice, .bob]), .friendRemoved(.alice, .bob))
                == [
                    .lobby: .init(
                        type: .group,
                        members: [
                            .alice: .init(role: .owner),
                            .bob: .init(role: .admin, showsHistory: false, canSend: false, mutedUntil: until),
                        ]),
                    .cellar: .init(type: .direct, members: [.alice: .init(role: .member), .bob: .init(role: .member)]),
                ])
    }

    @Test func `a dissolved chatroom has nobody, and what comes late makes it not anew`() {
        let told = self.told(
            .groupCreated(chatroom: .lobby, name: "tea", owner: .alice),
            .chatroomDissolved(chatroom: .lobby, by: .alice),
            .memberAdded(chatroom: .lobby, user: .bob, by: .alice, role: .member, showsHistory: true),
            .chatroomUpdated(chatroom: .lobby, name: "coffee", by: .alice))
        #expect(told.isEmpty)
    }
}
