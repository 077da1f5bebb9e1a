import ChatAPI
import Foundation
import ServiceKit
import Testing

@testable import History

/// Social was restored to an earlier state, and its feed is of another epoch.
struct SocialRestoreTests {
    private let lobby = ChatroomID(.random(in: 1_000_000...1_000_000_000_000))
    private let cellar = ChatroomID(.random(in: 1_000_000...1_000_000_000_000))

    private func group(_ members: UserID...) -> [SocialChange] {
        [.groupCreated(chatroom: self.lobby, name: "tea", owner: .alice)]
            + members.map {
                .memberAdded(chatroom: self.lobby, user: $0, by: .alice, role: .member, showsHistory: true)
            }
    }

    private func members(of history: ServiceFixture) async throws -> [UserID: Set<ChatroomID>] {
        let users: [UserID] = [.alice, .bob, .carol, .mallory]
        let answer = try await history.internalCall("views", LookupViews(userIds: users))
        let views = try answer.decode(LookupViews.Answer.self).users
        return Dictionary(uniqueKeysWithValues: views.map { ($0.id, Set($0.chatrooms.map(\.id))) })
    }

    private func log(of history: ServiceFixture, _ chatroom: ChatroomID) async throws -> [String] {
        let range = LookupEntries.Range(chatroomId: chatroom, after: 0, limit: 100)
        let answer = try await history.internalCall("entries", LookupEntries(ranges: [range]))
        return try answer.decode(LookupEntries.Answer.self).ranges[0].entries.map {
            String($0.prefix { $0 != "[" })
        }
    }

    @Test func `what Social has lost is taken back, what it has gained is there, and the feed is followed on`()
        async throws
    {
        try await ServiceFixture.with { history in
            let others = history.others
            for change in self.group(.bob, .carol) { others.change(change) }
            others.change(.directCreated(chatroom: self.cellar, members: [.alice, .carol]))
            try await history.parts.socialFeed.read()
            #expect(await history.send("mine", from: .carol, to: self.lobby).receipt?.seq == 4)

            // Carol's coming and the direct chatroom are lost; Mallory came since.
            others.restore(to: 2)
            others.change(
                .memberAdded(chatroom: self.lobby, user: .mallory, by: .alice, role: .member, showsHistory: false))
            try await history.parts.socialFeed.read()
            #expect(
                try await self.members(of: history)
                    == [.alice: [self.lobby], .bob: [self.lobby], .carol: [], .mallory: [self.lobby]])
            let log = try await self.log(of: history, self.lobby)
            #expect(
                log.map { $0.trimmingCharacters(in: .whitespaces) } == ["1 +1", "2 +2", "3 +3", "4", "5 -3", "6 +66"])
            #expect(await history.send("refused", from: .carol, to: self.lobby).error?.code == "chatroom_not_found")
            #expect(await history.send("here", from: .mallory, to: self.lobby).receipt?.seq == 7)
            #expect(await history.send("nobody", from: .carol, to: self.cellar).error?.code == "chatroom_not_found")

            let position = others.change(.memberRemoved(chatroom: self.lobby, user: .bob, by: .bob))
            try await history.parts.socialFeed.read()
            #expect(try await self.members(of: history)[.bob] == [])
            let caughtUp = try await history.internalCall("caught-up", AwaitFeed(feed: "social", position: position))
            #expect(try caughtUp.decode(AwaitFeed.Answer.self).position == position)
        }
    }

    @Test func `what is the same on both sides leaves no entry`() async throws {
        try await ServiceFixture.with { history in
            for change in self.group(.bob) { history.others.change(change) }
            history.others.change(.directCreated(chatroom: self.cellar, members: [.alice, .bob]))
            try await history.parts.socialFeed.read()
            let before = try await self.members(of: history)
            history.others.restore(to: 3)
            try await history.parts.socialFeed.read()
            #expect(try await self.log(of: history, self.lobby).count == 2)
            #expect(try await self.log(of: history, self.cellar).isEmpty)
            #expect(try await self.members(of: history) == before)
        }
    }

    @Test func `who is so far behind that the feed has lost what comes next compares too`() async throws {
        try await ServiceFixture.with { history in
            let others = history.others
            for change in self.group(.bob, .carol) { others.change(change) }
            try await history.parts.socialFeed.read()
            // Unheard, and gone from the feed: Carol goes, Mallory comes.
            others.change(
                .memberRemoved(chatroom: self.lobby, user: .carol, by: .carol),
                .memberAdded(chatroom: self.lobby, user: .mallory, by: .alice, role: .member, showsHistory: false))
            others.trim(keeping: 1)
            try await history.parts.socialFeed.read()
            #expect(
                try await self.members(of: history)
                    == [.alice: [self.lobby], .bob: [self.lobby], .carol: [], .mallory: [self.lobby]])
            let position = others.change(.memberRemoved(chatroom: self.lobby, user: .bob, by: .bob))
            try await history.parts.socialFeed.read()
            #expect(try await self.members(of: history)[.bob] == [])
            let caughtUp = try await history.internalCall("caught-up", AwaitFeed(feed: "social", position: position))
            #expect(try caughtUp.decode(AwaitFeed.Answer.self).position == position)
        }
    }

    @Test func `a log that begins late begins with who is there`() async throws {
        try await ServiceFixture.with { history in
            for change in self.group(.bob, .carol) { history.others.change(change) }
            history.others.change(.memberRemoved(chatroom: self.lobby, user: .bob, by: .bob))
            history.others.trim(keeping: 0)
            try await history.parts.socialFeed.read()
            let members = try await self.members(of: history)
            #expect(members[.alice] == [self.lobby] && members[.carol] == [self.lobby] && members[.bob] == [])
        }
    }

    @Test func `a feed that goes back without another epoch is not followed`() async throws {
        try await ServiceFixture.with { history in
            for change in self.group(.bob, .carol) { history.others.change(change) }
            try await history.parts.socialFeed.read()
            history.others.restore(to: 1, epoch: history.others.epoch)
            await #expect(throws: ServiceUnavailable.self) { try await history.parts.socialFeed.read() }
            #expect(try await self.members(of: history)[.carol] == [self.lobby])
        }
    }

    @Test func `an instance that comes late to the comparison changes nothing`() async throws {
        try await HistoryFixture.with { history in
            let old = FeedPosition(epoch: UUID(), position: 1)
            let new = FeedPosition(epoch: UUID(), position: 5)
            try await history.memberships.begin(epoch: old.epoch)
            try await history.change(.groupCreated(chatroom: .lobby, name: "tea", owner: .alice))
            #expect(try await history.memberships.compare(.lobby, with: nil, since: old)?.count == 1)
            #expect(try await history.memberships.compare(.lobby, with: nil, since: old) == [])
            try await history.memberships.follow(from: new, since: old)
            let late = SocialMemberships.Chatroom(type: .group, members: [.bob: .init(role: .owner)])
            #expect(try await history.memberships.compare(.lobby, with: late, since: old) == nil)
            try await history.memberships.follow(from: old, since: old)
            let (epoch, position) = try await history.memberships.position()
            #expect(epoch == new.epoch)
            #expect(position == new.position)
            #expect(try await history.memberships.chatrooms() == [])
        }
    }
}
