import ChatAPI
import Foundation
import HTTPTypes
import ServiceKit
import Testing

@testable import Social

struct InviteRoutesTests {
    private func link(_ social: SocialClient, _ id: ChatroomID, as user: UserID, _ body: String = "{}") async throws
        -> String
    {
        let answer = try await social.call(.post, "/chatrooms/\(id)/invites", as: user, body)
        try #require(answer.status == .created)
        return try answer.decode(InviteRoutes.Link.self).code
    }

    private func members(_ social: SocialClient, _ id: ChatroomID) async throws -> [UserID] {
        try await social.call(.get, "/chatrooms/\(id)/members", as: .alice).decode(MemberList.self).members.map(
            \.user.id)
    }

    @Test func `whoever has a member's link comes in, once, and is counted once`() async throws {
        try await withSocialRoutes { social, _ in
            let group = try await social.group("tea", owner: .alice)
            let code = try await self.link(social, group.id, as: .alice, #"{"maxUses":2}"#)
            for _ in 0..<3 {
                let joined = try await social.call(.post, "/invites/\(code)", as: .bob)
                #expect(joined.status == .ok)
                #expect(try joined.decode(Chatroom.self).id == group.id)
            }
            #expect(try await social.call(.post, "/invites/\(code)", as: .carol).status == .ok)
            #expect(try await social.call(.post, "/invites/\(code)", as: .dave).code == "invite_not_found")
            #expect(try await self.members(social, group.id) == [.alice, .bob, .carol])
            let seen = try await social.call(.get, "/chatrooms/\(group.id)", as: .bob).decode(Chatroom.self)
            #expect(seen.memberCount == 3)
        }
    }

    @Test func `of many at once a link lets in as many as it says`() async throws {
        try await withSocialRoutes { social, _ in
            let group = try await social.group("tea", owner: .alice)
            let code = try await self.link(social, group.id, as: .alice, #"{"maxUses":3}"#)
            let statuses = try await withThrowingTaskGroup(of: HTTPResponse.Status.self) { tasks in
                for id in 10..<30 {
                    tasks.addTask { try await social.call(.post, "/invites/\(code)", as: UserID(Int64(id))).status }
                }
                return try await tasks.reduce(into: [HTTPResponse.Status]()) { $0.append($1) }
            }
            #expect(statuses.count { $0 == .ok } == 3)
            #expect(statuses.count { $0 == .notFound } == 17)
            #expect(try await self.members(social, group.id).count == 4)
        }
    }

    @Test func `a link is a member's to make, and holds while they are one`() async throws {
        try await withSocialRoutes { social, _ in
            try await social.befriend(.alice, .bob)
            let group = try await social.group("tea", owner: .alice, members: [.bob])
            let stranger = try await social.call(.post, "/chatrooms/\(group.id)/invites", as: .mallory, "{}")
            #expect(stranger.code == "chatroom_not_found")
            let direct = try await social.call(.put, "/chatrooms/direct/\(UserID.bob)", as: .alice).decode(
                Chatroom.self)
            #expect(
                try await social.call(.post, "/chatrooms/\(direct.id)/invites", as: .alice, "{}").code == "forbidden")
            let code = try await self.link(social, group.id, as: .bob)
            _ = try await social.call(.delete, "/chatrooms/\(group.id)/members/\(UserID.bob)", as: .bob)
            #expect(try await social.call(.post, "/invites/\(code)", as: .carol).code == "invite_not_found")
            #expect(try await social.call(.post, "/invites/guessed", as: .carol).code == "invite_not_found")
            for body in [#"{"expiresIn":1}"#, #"{"expiresIn":99999999}"#, #"{"maxUses":0}"#] {
                let answer = try await social.call(.post, "/chatrooms/\(group.id)/invites", as: .alice, body)
                #expect(answer.status == .badRequest)
            }
        }
    }

    @Test func `where a group wants to approve, whoever comes waits until they are let in`() async throws {
        try await withSocialRoutes { social, _ in
            for friend in [UserID.bob, .dave] { try await social.befriend(.alice, friend) }
            try await social.befriend(.bob, .carol)
            let group = try await social.group("tea", owner: .alice, members: [.bob])
            let set = try await social.call(.patch, "/chatrooms/\(group.id)", as: .alice, #"{"joinApproval":true}"#)
            #expect(try set.decode(Chatroom.self).joinApproval == true)
            let code = try await self.link(social, group.id, as: .bob)
            #expect(try await social.call(.post, "/invites/\(code)", as: .mallory).status == .accepted)
            // A member who adds a friend only asks for them.
            let added = try await social.call(
                .post, "/chatrooms/\(group.id)/members", as: .bob, #"{"userIds":[\#(UserID.carol)]}"#)
            #expect(try added.decode(MemberList.self).members.isEmpty)
            #expect(try await self.members(social, group.id) == [.alice, .bob])

            let path = "/chatrooms/\(group.id)/join-requests"
            #expect(try await social.call(.get, path, as: .bob).code == "forbidden")
            #expect(try await social.call(.get, path, as: .mallory).code == "chatroom_not_found")
            let list = try await social.call(.get, path, as: .alice).decode(InviteRoutes.JoinRequestList.self)
            #expect(list.requests.map(\.user.id) == [.mallory, .carol])
            #expect(list.requests.map(\.invitedBy) == [.bob, .bob])
            #expect(try await social.call(.post, "\(path)/\(UserID.carol)/approve", as: .bob).code == "forbidden")
            #expect(try await social.call(.post, "\(path)/\(UserID.carol)/approve", as: .alice).status == .noContent)
            #expect(try await social.call(.post, "\(path)/\(UserID.mallory)/reject", as: .alice).status == .noContent)
            #expect(
                try await social.call(.post, "\(path)/\(UserID.mallory)/approve", as: .alice).code
                    == "join_request_not_found")
            #expect(try await self.members(social, group.id) == [.alice, .bob, .carol])
            // Who may let others in adds them at once.
            let own = try await social.call(
                .post, "/chatrooms/\(group.id)/members", as: .alice, #"{"userIds":[\#(UserID.dave)]}"#)
            #expect(try own.decode(MemberList.self).members.map(\.user.id) == [.dave])
        }
    }

    @Test func `whoever is removed finds no link that holds, whoever made it`() async throws {
        try await withSocialRoutes { social, _ in
            try await social.befriend(.alice, .bob)
            let group = try await social.group("tea", owner: .alice, members: [.bob])
            let code = try await self.link(social, group.id, as: .alice)
            let kicked = try await social.call(.delete, "/chatrooms/\(group.id)/members/\(UserID.bob)", as: .alice)
            #expect(kicked.status == .noContent)
            #expect(try await social.call(.post, "/invites/\(code)", as: .bob).code == "invite_not_found")
            #expect(try await self.members(social, group.id) == [.alice])
        }
    }

    @Test func `nobody waits who is in, or whom a block keeps from who put them in line`() async throws {
        try await withSocialRoutes { social, _ in
            for friend in [UserID.bob, .carol] { try await social.befriend(.alice, friend) }
            try await social.befriend(.bob, .dave)
            let group = try await social.group("tea", owner: .alice, members: [.bob])
            _ = try await social.call(.patch, "/chatrooms/\(group.id)", as: .alice, #"{"joinApproval":true}"#)
            let code = try await self.link(social, group.id, as: .bob)
            #expect(try await social.call(.post, "/invites/\(code)", as: .carol).status == .accepted)
            _ = try await social.call(
                .post, "/chatrooms/\(group.id)/members", as: .bob, #"{"userIds":[\#(UserID.dave)]}"#)
            let path = "/chatrooms/\(group.id)/join-requests"
            func waiting() async throws -> [UserID] {
                try await social.call(.get, path, as: .alice).decode(InviteRoutes.JoinRequestList.self).requests.map(
                    \.user.id)
            }
            #expect(try await waiting() == [.carol, .dave])
            _ = try await social.call(.put, "/blocks/\(UserID.bob)", as: .dave)
            #expect(try await waiting() == [.carol])
            _ = try await social.call(
                .post, "/chatrooms/\(group.id)/members", as: .alice, #"{"userIds":[\#(UserID.carol)]}"#)
            #expect(try await waiting().isEmpty)
            #expect(try await self.members(social, group.id) == [.alice, .bob, .carol])
        }
    }

    @Test func `the same key leads where it led, also after the last use, and makes one link`() async throws {
        try await withSocialRoutes { social, _ in
            let group = try await social.group("tea", owner: .alice)
            let name = try #require(HTTPField.Name("Idempotency-Key"))
            let key: HTTPFields = [name: UUID().uuidString]
            let path = "/chatrooms/\(group.id)/invites"
            let first = try await social.call(.post, path, as: .alice, #"{"maxUses":1}"#, headers: key)
            let again = try await social.call(.post, path, as: .alice, #"{"maxUses":1}"#, headers: key)
            #expect(first.text == again.text)
            let code = try first.decode(InviteRoutes.Link.self).code
            let joined = try await social.call(.post, "/invites/\(code)", as: .bob, headers: key)
            #expect(joined.status == .ok)
            #expect(try await social.call(.post, "/invites/\(code)", as: .bob, headers: key).text == joined.text)
            #expect(try await social.call(.post, "/invites/\(code)", as: .carol, headers: key).status == .notFound)
            _ = try await social.call(.delete, "/chatrooms/\(group.id)/members/2", as: .alice)
            #expect(try await social.call(.post, "/invites/\(code)", as: .bob, headers: key).status == .notFound)
            let other = try await social.group("other", owner: .alice)
            let reused = try await social.call(
                .post, "/chatrooms/\(other.id)/invites", as: .alice, "{}", headers: key)
            #expect(reused.status == .created, "the link is gone with the one who was removed")
            let wrong = try await social.call(.post, path, as: .alice, "{}", headers: key)
            #expect(wrong.code == "invalid_request")
        }
    }

    @Test func `who waits is listed page by page, the longest waiting first`() async throws {
        try await withSocialRoutes { social, _ in
            let group = try await social.group("tea", owner: .alice)
            _ = try await social.call(.patch, "/chatrooms/\(group.id)", as: .alice, #"{"joinApproval":true}"#)
            let code = try await self.link(social, group.id, as: .alice)
            let waiting = [7, 3, 9, 5].map { UserID($0) }
            for user in waiting {
                #expect(try await social.call(.post, "/invites/\(code)", as: user).status == .accepted)
            }
            var (seen, path) = ([UserID](), "/chatrooms/\(group.id)/join-requests?limit=3")
            while true {
                let page = try await social.call(.get, path, as: .alice).decode(InviteRoutes.JoinRequestList.self)
                seen += page.requests.map(\.user.id)
                guard let next = page.next else { break }
                path = "/chatrooms/\(group.id)/join-requests?limit=3&cursor=\(next)"
                // Whoever is settled meanwhile is nobody's place in the line.
                _ = try await social.call(.post, "/chatrooms/\(group.id)/join-requests/9/approve", as: .alice)
            }
            #expect(seen == waiting)
            for cursor in ["0-1", "x", "1", "1-", "-1-1"] {
                let answer = try await social.call(
                    .get, "/chatrooms/\(group.id)/join-requests?cursor=\(cursor)", as: .alice)
                #expect(answer.status == .badRequest)
            }
        }
    }
}
