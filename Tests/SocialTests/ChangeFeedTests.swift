import ChatAPI
import Postgres
import Synchronization
import Testing

@testable import Social

struct ChangeFeedTests {
    @Test func `positions are dense, whatever fails or runs at once`() async throws {
        try await withSocial { social in
            let positions = await withTaskGroup(of: Int64?.self) { group in
                for number in 0..<60 {
                    let name = "group \(number)"
                    let owner = UserID(Int64(number % 7 + 1))
                    group.addTask {
                        try? await social.chatrooms.create(name: name, owner: owner, members: [.mallory]).position
                    }
                    // Refused after its locks: leaves no hole.
                    group.addTask { try? await social.members.add([owner], to: ChatroomID(999), by: owner).position }
                }
                return await group.reduce(into: [Int64]()) { if let position = $1 { $0.append(position) } }
            }
            #expect(positions.count == 60)
            let feed = try await social.feed()
            #expect(feed.map(\.position) == Array(1...120))
            // Each one's last row stands where its writer was told.
            let lasts = feed.filter { if case .memberAdded = $0.what { true } else { false } }
            #expect(lasts.map(\.position) == positions.sorted())
        }
    }

    @Test func `memberships are those of the feed up to the position they come with, at any moment`() async throws {
        try await withSocial { social in
            let id = try await social.chatrooms.create(name: "tea", owner: .alice, members: []).value.id
            let work = Work()
            let users = (10..<20).map { UserID(Int64($0)) }
            var answers: [LookupMemberships.Answer] = []
            try await withThrowingTaskGroup(of: [LookupMemberships.Answer].self) { group in
                for _ in 0..<2 {
                    group.addTask {
                        var seen: [LookupMemberships.Answer] = []
                        while !work.isOver.load(ordering: .acquiring) {
                            seen.append(try await social.memberships.memberships(of: users))
                        }
                        return seen
                    }
                }
                try await withThrowingTaskGroup(of: Void.self) { writers in
                    for user in users {
                        writers.addTask {
                            for _ in 0..<5 {
                                _ = try await social.members.add([user], to: id, by: .alice)
                                _ = try await social.members.remove(user, from: id, by: user)
                            }
                        }
                    }
                    try await writers.waitForAll()
                }
                work.isOver.store(true, ordering: .releasing)
                for try await seen in group { answers += seen }
            }
            let feed = try await social.feed()
            #expect(feed.map(\.position) == Array(1...101))
            var wrong = 0
            for answer in answers {
                var members: Set<UserID> = []
                for change in feed.prefix(Int(answer.position)) {
                    switch change.what {
                    case .memberAdded(_, let user, _, _, _): members.insert(user)
                    case .memberRemoved(_, let user, _): members.remove(user)
                    default: break
                    }
                }
                if members != Set(answer.users.filter { !$0.chatrooms.isEmpty }.map(\.id)) { wrong += 1 }
            }
            #expect(wrong == 0)
            #expect(Set(answers.map(\.position)).count > 1)
        }
    }

    @Test func `pages of the feed join, and tell its head and epoch`() async throws {
        try await withSocial { social in
            for number in 1...5 { _ = try await social.chatrooms.create(name: "\(number)", owner: .alice, members: []) }
            let first = try await social.memberships.changes(after: 0, limit: 2)
            let rest = try await social.memberships.changes(after: 2, limit: 10)
            #expect(first.changes.map(\.position) == [1, 2])
            #expect(rest.changes.map(\.position) == [3, 4, 5])
            #expect(first.position == 5)
            #expect(first.epoch == rest.epoch)
            #expect(try await social.memberships.changes(after: 5, limit: 10).changes.isEmpty)
            let memberships = try await social.memberships.memberships(of: [])
            #expect(memberships.position == 5)
            #expect(memberships.epoch == first.epoch)
        }
    }

    @Test func `memberships come one for each asked, also for who has none`() async throws {
        try await withSocial { social in
            let id = try await social.chatrooms.create(name: "tea", owner: .alice, members: [.bob]).value.id
            let answer = try await social.memberships.memberships(of: [.carol, .bob, .alice])
            #expect(answer.users.map(\.id) == [.carol, .bob, .alice])
            #expect(answer.users[0].chatrooms.isEmpty)
            #expect(answer.users[1].chatrooms == [Membership(id: id, role: .member)])
            #expect(answer.users[2].chatrooms == [Membership(id: id, role: .owner)])
            let members = try await social.memberships.members(of: [id, ChatroomID(99)])
            #expect(members.chatrooms.map(\.members) == [[.alice, .bob], []])
        }
    }
}

private final class Work: Sendable {
    let isOver = Atomic(false)
}
