import ChatAPI
import Foundation
import Postgres
import Testing

@testable import History

struct MembershipStoreTests {
    private static let group: [SocialChange] = [
        .groupCreated(chatroom: .lobby, name: "tea", owner: .alice),
        .memberAdded(chatroom: .lobby, user: .bob, by: .alice, role: .member, showsHistory: true),
        .memberAdded(chatroom: .lobby, user: .carol, by: .alice, role: .member, showsHistory: false),
        .friendAdded(.alice, .bob),
        .memberUpdated(chatroom: .lobby, membership: Membership(id: .lobby, role: .admin), user: .bob),
        .chatroomUpdated(chatroom: .lobby, name: "green tea", by: .bob),
        .chatroomUpdated(chatroom: .lobby, name: nil, by: .bob),
        .memberRemoved(chatroom: .lobby, user: .carol, by: .bob),
        .memberRemoved(chatroom: .lobby, user: .bob, by: .bob),
    ]

    private static let log: [StoredSystemChange] = [
        StoredSystemChange(.created, by: .alice, name: "tea"), StoredSystemChange(.added, userId: .bob, by: .alice),
        StoredSystemChange(.added, userId: .carol, by: .alice),
        StoredSystemChange(.renamed, by: .bob, name: "green tea"),
        StoredSystemChange(.removed, userId: .carol, by: .bob), StoredSystemChange(.left, userId: .bob, by: .bob),
    ]

    private func log(of history: HistoryFixture) async throws -> [Entry] {
        try await history.ranges.entries(in: [LogPart(chatroom: .lobby, after: 0, upTo: 100)])[0]
    }

    @Test func `what happens to a group is told in its log, and does not count as unread`() async throws {
        try await HistoryFixture.with { history in
            for change in Self.group { try await history.change(change) }
            let entries = try await self.log(of: history)
            #expect(entries.map(\.content) == Self.log.map { .system($0) })
            #expect(entries.map(\.seq) == [1, 2, 3, 4, 5, 6])
            #expect(entries.map(\.ordinal) == [0, 0, 0, 0, 0, 0])
            #expect(try await history.memberships.position().position == Int64(Self.group.count))
        }
    }

    @Test func `two instances that apply one feed at once apply each change once`() async throws {
        try await HistoryFixture.with { history in
            try await withThrowingTaskGroup(of: [MembershipStore.Applied].self) { instances in
                for _ in 0..<2 {
                    instances.addTask {
                        var applied: [MembershipStore.Applied] = []
                        for (index, what) in Self.group.enumerated() {
                            let change = Change(position: Int64(index + 1), what: what)
                            applied.append(try await history.memberships.apply(change))
                        }
                        return applied
                    }
                }
                var times = Array(repeating: 0, count: Self.group.count)
                for try await applied in instances {
                    for (index, applied) in applied.enumerated() where applied != .before { times[index] += 1 }
                }
                #expect(times == Array(repeating: 1, count: Self.group.count))
            }
            #expect(try await self.log(of: history).map(\.content) == Self.log.map { .system($0) })
        }
    }

    @Test func `a change that does not follow is not applied`() async throws {
        try await HistoryFixture.with { history in
            let applied = try await history.memberships.apply(Change(position: 2, what: Self.group[0]))
            #expect(applied == .missing(position: 0))
            #expect(try await self.log(of: history) == [])
            #expect(try await history.memberships.position().position == 0)
        }
    }

    @Test func `each member sees the log from where they may`() async throws {
        try await HistoryFixture.with { history in
            for change in Self.group.prefix(3) { try await history.change(change) }
            try await history.direct(.cellar, .alice, .bob)
            let views = try await history.heads.views(of: [.alice, .bob, .carol, .mallory])
            #expect(views.position == 4)
            #expect(
                views.users == [
                    UserViews(
                        id: .alice,
                        chatrooms: [
                            ChatroomView(id: .lobby, head: 3, from: 1, joined: 1),
                            ChatroomView(id: .cellar, head: 0, from: 1, joined: 0),
                        ]),
                    UserViews(
                        id: .bob,
                        chatrooms: [
                            ChatroomView(id: .lobby, head: 3, from: 1, joined: 2),
                            ChatroomView(id: .cellar, head: 0, from: 1, joined: 0),
                        ]),
                    UserViews(id: .carol, chatrooms: [ChatroomView(id: .lobby, head: 3, from: 3, joined: 3)]),
                    UserViews(id: .mallory, chatrooms: []),
                ])
        }
    }

    @Test func `after a group is dissolved nobody is in it, and it says so last`() async throws {
        try await HistoryFixture.with { history in
            for change in Self.group.prefix(2) { try await history.change(change) }
            let entry = try await history.change(.chatroomDissolved(chatroom: .lobby, by: .alice))
            #expect(entry?.content == .system(StoredSystemChange(.dissolved, by: .alice)))
            for user in [UserID.alice, .bob] {
                #expect(try await history.send("a", from: user).refusal == .chatroomNotFound)
                #expect(try await history.heads.views(of: [user]).users[0].chatrooms == [])
            }
        }
    }

    @Test func `who comes back sees from their return, or all of it`() async throws {
        try await HistoryFixture.with { history in
            try await history.change(Self.group[0])
            try await history.change(Self.group[2])
            try await history.change(.memberRemoved(chatroom: .lobby, user: .carol, by: .carol))
            try await history.send("while Carol is away")
            try await history.change(Self.group[2])
            #expect(
                try await history.heads.views(of: [.carol]).users[0].chatrooms
                    == [ChatroomView(id: .lobby, head: 5, from: 5, joined: 5)])
            try await history.change(.memberRemoved(chatroom: .lobby, user: .carol, by: .carol))
            try await history.change(
                .memberAdded(chatroom: .lobby, user: .carol, by: .alice, role: .member, showsHistory: true))
            #expect(
                try await history.heads.views(of: [.carol]).users[0].chatrooms
                    == [ChatroomView(id: .lobby, head: 7, from: 1, joined: 7)])
        }
    }
}
