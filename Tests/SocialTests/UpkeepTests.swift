import ChatAPI
import Foundation
import Postgres
import Testing

@testable import Social

/// What counts no longer is removed, and nothing else; whoever comes later finds the same by a snapshot.
struct UpkeepTests {
    private func upkeep(_ social: SocialDatabase, audit: Duration = .seconds(2_592_000)) -> UpkeepStore {
        UpkeepStore(postgres: social.postgres, auditRetention: audit, feedRetention: .seconds(2_592_000))
    }

    @Test func `the feed is trimmed from its beginning, and keeps its last row`() async throws {
        try await withSocial { social in
            for user in 2...4 { try await social.befriend(.alice, UserID(Int64(user))) }
            let all = try await social.feed().count
            try await social.postgres.execute(
                "UPDATE social.changes SET created_at = now() - interval '31 days' WHERE position IN (1, 2, 4)")
            try await self.upkeep(social).tidy()
            #expect(try await social.feed().map(\.position) == Array(3...Int64(all)), "without a hole")
            try await social.postgres.execute("UPDATE social.changes SET created_at = now() - interval '31 days'")
            try await self.upkeep(social).tidy()
            #expect(try await social.feed().map(\.position) == [Int64(all)])
        }
    }

    @Test func `links and keys go when they lead nowhere, the audit when it is old`() async throws {
        try await withSocial { social in
            let group = try await social.chatrooms.create(name: "tea", owner: .alice, members: []).value.id
            try await social.postgres.execute(
                """
                INSERT INTO social.invites (code, chatroom_id, creator_id, expires_at)
                SELECT 'code' || days, \(group), 1, now() + days * interval '1 day' FROM unnest(ARRAY[-3, 0, 3]) AS days
                """)
            try await social.postgres.execute(
                """
                INSERT INTO social.followed_invites (user_id, creation_key, chatroom_id, at)
                SELECT 1, gen_random_uuid(), \(group), now() - days * interval '1 day' FROM unnest(ARRAY[1, 3]) AS days
                """)
            try await social.postgres.execute(
                """
                INSERT INTO social.audit (operator, action, at)
                SELECT 'ann', 'x', now() - days * interval '1 day' FROM unnest(ARRAY[1, 29, 31]) AS days
                """)
            await #expect(throws: PostgresError.self) {
                try await social.postgres.execute("DELETE FROM social.audit WHERE at > now() - interval '30 days'")
            }
            try await self.upkeep(social).tidy()
            #expect(try await social.count("SELECT count(*) FROM social.invites") == 2)
            #expect(try await social.count("SELECT count(*) FROM social.followed_invites") == 1)
            #expect(try await social.count("SELECT count(*) FROM social.audit") == 2)
        }
    }

    @Test func `a snapshot tells who is where as a feed from its beginning would`() async throws {
        try await withSocial { social in
            for user in [UserID.bob, .carol] { try await social.befriend(.alice, user) }
            let direct = try await social.chatrooms.direct(of: .alice, with: .bob).value.id
            let group = try await social.chatrooms.create(name: "tea", owner: .alice, members: [.bob]).value.id
            _ = try await social.members.add([.carol], to: group, by: .alice)
            let until = Timestamp(milliseconds: 4_000_000_000_000)
            _ = try await social.members.update(
                .carol, in: group, with: MemberUpdate(role: .admin, mutedUntil: until), by: .alice)
            let gone = try await social.chatrooms.create(name: "gone", owner: .alice, members: []).value.id
            _ = try await social.chatrooms.dissolve(gone, by: .alice)
            let page = try await social.memberships.snapshot(after: 0, limit: 10)
            #expect(page.position == (try await social.feed().last?.position))
            #expect(page.chatrooms.map(\.id) == [direct, group])
            #expect(page.chatrooms[0].changes == [.directCreated(chatroom: direct, members: [.alice, .bob])])
            let muted = Membership(id: group, role: .admin, mutedUntil: until)
            #expect(
                page.chatrooms[1].changes == [
                    .groupCreated(chatroom: group, name: "tea", owner: .alice),
                    .memberAdded(chatroom: group, user: .bob, by: .alice, role: .member, showsHistory: true),
                    .memberAdded(chatroom: group, user: .carol, by: .alice, role: .admin, showsHistory: false),
                    .memberUpdated(chatroom: group, membership: muted, user: .carol),
                ])
            let second = try await social.memberships.snapshot(after: direct.rawValue, limit: 1)
            #expect(second.chatrooms.map(\.id) == [group])
            #expect(try await social.memberships.snapshot(after: group.rawValue, limit: 1).chatrooms.isEmpty)
        }
    }
}
