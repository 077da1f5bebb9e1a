import ChatAPI
import Foundation
import HTTPTypes
import Synchronization
import Testing

@testable import Social

struct ChatroomRoutesTests {
    @Test func `a direct chatroom bears the peer's name and is the same from both sides`() async throws {
        try await withSocialRoutes { social, standIns in
            try await social.befriend(.alice, .bob)
            let mine = try await social.call(.put, "/chatrooms/direct/2", as: .alice).decode(Chatroom.self)
            #expect(mine.type == .direct)
            #expect(mine.name == "Nick 2")
            #expect(mine.peer == StandIns.profile(.bob))
            let theirs = try await social.call(.put, "/chatrooms/direct/1", as: .bob).decode(Chatroom.self)
            #expect(theirs.id == mine.id)
            #expect(theirs.name == "Nick 1")
            let list = try await social.call(.get, "/chatrooms?query=nick", as: .bob).decode(ChatroomList.self)
            #expect(list.chatrooms == [theirs])
            // History was waited for, up to the row that made the chatroom.
            #expect(standIns.waits.withLock { $0.first?.position } == 4)
            #expect(try await social.call(.put, "/chatrooms/direct/1", as: .alice).status == .badRequest)
            #expect(try await social.call(.put, "/chatrooms/direct/3", as: .alice).code == "friend_not_found")
        }
    }

    @Test func `a group lives: made, renamed, joined, left, dissolved`() async throws {
        try await withSocialRoutes { social, _ in
            for friend in [UserID.bob, .carol] { try await social.befriend(.alice, friend) }
            let group = try await social.group("tea", owner: .alice, members: [.bob])
            #expect(group.role == .owner)
            #expect(group.memberCount == 2)
            #expect(group.historyForNewMembers == false)

            let renamed = try await social.call(.patch, "/chatrooms/\(group.id)", as: .alice, #"{"name":"green tea"}"#)
            #expect(try renamed.decode(Chatroom.self).name == "green tea")

            let added = try await social.call(
                .post, "/chatrooms/\(group.id)/members", as: .alice, #"{"username":"user3"}"#)
            #expect(try added.decode(MemberList.self).members.map(\.user) == [StandIns.profile(.carol)])
            let members = try await social.call(.get, "/chatrooms/\(group.id)/members", as: .carol).decode(
                MemberList.self)
            #expect(members.members.map(\.user.id) == [.alice, .bob, .carol])
            #expect(members.members.map(\.role) == [.owner, .member, .member])

            let settings = try await social.call(
                .patch, "/chatrooms/\(group.id)/settings", as: .carol, #"{"notify":"mentions","pinned":true}"#)
            #expect(try settings.decode(ChatroomSettings.self) == ChatroomSettings(notify: .mentions, pinned: true))

            let promoted = try await social.call(
                .patch, "/chatrooms/\(group.id)/members/2", as: .alice, #"{"role":"admin"}"#)
            #expect(try promoted.decode(Member.self).role == .admin)
            #expect(try await social.call(.delete, "/chatrooms/\(group.id)/members/3", as: .bob).status == .noContent)
            #expect(try await social.call(.get, "/chatrooms/\(group.id)", as: .carol).code == "chatroom_not_found")
            #expect(
                try await social.call(.delete, "/chatrooms/\(group.id)/members/1", as: .alice).code
                    == "owner_cannot_leave")
            let handed = try await social.call(.put, "/chatrooms/\(group.id)/owner", as: .alice, #"{"userId":2}"#)
            #expect(try handed.decode(Chatroom.self).role == .admin)
            #expect(try await social.call(.delete, "/chatrooms/\(group.id)/members/1", as: .alice).status == .noContent)
            #expect(try await social.call(.delete, "/chatrooms/\(group.id)", as: .bob).status == .noContent)
            #expect(try await social.call(.get, "/chatrooms", as: .bob).text == #"{"chatrooms":[]}"#)
        }
    }

    @Test func `to a stranger a chatroom cannot be told from none, byte for byte`() async throws {
        try await withSocialRoutes { social, _ in
            try await social.befriend(.alice, .bob)
            let group = try await social.group("secret", owner: .alice)
            let direct = try await social.call(.put, "/chatrooms/direct/2", as: .alice).decode(Chatroom.self)
            let calls: [(HTTPRequest.Method, String, String?)] = [
                (.get, "", nil), (.patch, "", #"{"name":"mine"}"#), (.delete, "", nil),
                (.put, "/owner", #"{"userId":666}"#), (.patch, "/settings", #"{"pinned":true}"#),
                (.get, "/members", nil), (.post, "/members", #"{"userIds":[666]}"#),
                (.post, "/members", #"{"username":"user2"}"#), (.patch, "/members/1", #"{"role":"member"}"#),
                (.delete, "/members/1", nil), (.delete, "/members/666", nil),
            ]
            for (method, path, body) in calls {
                let none = try await social.call(method, "/chatrooms/4711\(path)", as: .mallory, body)
                #expect(none.status == .notFound)
                #expect(none.code == "chatroom_not_found")
                for id in [group.id, direct.id] {
                    let foreign = try await social.call(method, "/chatrooms/\(id)\(path)", as: .mallory, body)
                    #expect(foreign.status == none.status)
                    #expect(foreign.bytes == none.bytes)
                    #expect(Set(foreign.headers.map(\.name)) == Set(none.headers.map(\.name)))
                }
                #expect(
                    try await social.call(method, "/chatrooms/\(group.id)\(path)", as: nil, body).status
                        == .unauthorized)
            }
            #expect(try await social.call(.get, "/chatrooms/\(group.id)", as: .alice).decode(Chatroom.self) == group)
        }
    }

    @Test func `only friends are brought into groups`() async throws {
        try await withSocialRoutes { social, _ in
            let made = try await social.call(.post, "/chatrooms", as: .alice, #"{"name":"tea","memberIds":[666]}"#)
            #expect(made.code == "friend_not_found")
            let group = try await social.group("tea", owner: .alice)
            let added = try await social.call(
                .post, "/chatrooms/\(group.id)/members", as: .alice, #"{"userIds":[666]}"#)
            #expect(added.code == "friend_not_found")
            #expect(
                try await social.call(.get, "/chatrooms/\(group.id)", as: .alice).decode(Chatroom.self).memberCount == 1
            )
            #expect(try await social.call(.get, "/chatrooms", as: .mallory).decode(ChatroomList.self).chatrooms.isEmpty)
        }
    }

    @Test func `a plain member changes nothing of the group`() async throws {
        try await withSocialRoutes { social, _ in
            for friend in [UserID.bob, .carol] { try await social.befriend(.alice, friend) }
            let group = try await social.group("tea", owner: .alice, members: [.bob, .carol])
            let calls: [(HTTPRequest.Method, String, String?)] = [
                (.patch, "", #"{"name":"mine"}"#), (.delete, "", nil), (.put, "/owner", #"{"userId":2}"#),
                (.patch, "/members/2", #"{"role":"admin"}"#), (.patch, "/members/1", #"{"role":"member"}"#),
                (.delete, "/members/1", nil), (.delete, "/members/3", nil),
            ]
            for (method, path, body) in calls {
                let answer = try await social.call(method, "/chatrooms/\(group.id)\(path)", as: .bob, body)
                #expect(answer.status == .forbidden)
                #expect(answer.code == "forbidden")
            }
            #expect(try await social.call(.get, "/chatrooms/\(group.id)", as: .alice).decode(Chatroom.self) == group)
        }
    }

    @Test func `what is no id is refused, wherever it stands`() async throws {
        let ids = [
            "-1", "0", "9223372036854775808", "9007199254740992", "1e3", "1.5", "1%20OR%201=1", "%00", "..%2F",
            "%D9%A1",
            "01", "+1", String(repeating: "9", count: 10_000),
        ]
        try await withSocialRoutes { social, _ in
            for id in ids {
                for (method, path) in [
                    (HTTPRequest.Method.get, "/chatrooms/\(id)"), (.get, "/chatrooms/\(id)/members"),
                    (.delete, "/friends/\(id)"), (.put, "/chatrooms/direct/\(id)"), (.put, "/blocks/\(id)"),
                    (.post, "/friend-requests/\(id)/agree"), (.get, "/friends?cursor=\(id)"),
                    (.delete, "/chatrooms/1/members/\(id)"),
                ] {
                    let status = try await social.call(method, path, as: .alice).status.code
                    #expect([400, 404].contains(status), "\(method) \(path.prefix(60)) was \(status)")
                }
                // As a JSON number 1e3 is another way to write 1000.
                for body in [#"{"userId":"\#(id)"}"#, #"{"userId":[\#(id)]}"#, #"{"userId":\#(id)}"#] where id != "1e3"
                {
                    let status = try await social.call(.post, "/friend-requests", as: .alice, body).status
                    #expect(status == .badRequest, "\(body.prefix(60))")
                }
            }
        }
    }

    @Test func `a group of no good name or members is refused`() async throws {
        let bodies = [
            #"{"name":""}"#, #"{"name":"   "}"#, #"{"name":5}"#, #"{"name":null}"#, #"{}"#, #"[]"#,
            #"{"name":"a\u0000"}"#,
            #"{"name":"\ud800"}"#, #"{"name":"tea","memberIds":5}"#, #"{"name":"tea","memberIds":[0]}"#,
            #"{"name":"\#(String(repeating: "茶", count: 51))"}"#, "",
        ]
        try await withSocialRoutes { social, _ in
            for body in bodies {
                let refused = try await social.call(.post, "/chatrooms", as: .alice, body)
                #expect(refused.status == .badRequest, "\(body)")
            }
            #expect(try await social.call(.get, "/chatrooms", as: .alice).decode(ChatroomList.self).chatrooms.isEmpty)
        }
    }

    @Test func `history being away does not fail a change`() async throws {
        try await withSocialRoutes { social, standIns in
            standIns.historyIsThere.store(false, ordering: .relaxed)
            let group = try await social.group("tea", owner: .alice)
            #expect(try await social.call(.get, "/chatrooms/\(group.id)", as: .alice).status == .ok)
            #expect(standIns.waits.withLock { $0.map(\.position) } == [1])
        }
    }
}

struct InternalRoutesTests {
    static let key: HTTPFields = [.authorization: "Bearer local-key-of-gateway"]

    @Test func `services ask for memberships, members and changes, with their key`() async throws {
        try await withSocialRoutes(listener: .internal) { social, _ in
            let memberships = try await social.execute(.post, "/internal/memberships", Self.key, #"{"userIds":[1,2]}"#)
                .decode(LookupMemberships.Answer.self)
            #expect(memberships.position == 0)
            #expect(memberships.users.map(\.id) == [.alice, .bob])
            let members = try await social.execute(.post, "/internal/members", Self.key, #"{"chatroomIds":[7]}"#)
                .decode(LookupMembers.Answer.self)
            #expect(members.chatrooms == [ChatroomMembers(id: ChatroomID(7), members: [])])
            let changes = try await social.execute(.get, "/internal/changes?after=0", Self.key, nil)
                .decode(Changes<SocialChange>.self)
            #expect(changes.epoch == memberships.epoch)
            #expect(changes.changes.isEmpty)
            let friends = try await social.execute(
                .post, "/internal/friends/list", Self.key, #"{"userId":1,"limit":10}"#)
            #expect(try friends.decode(ListFriends.Answer.self).friends.isEmpty)
            let tooMany = try await social.execute(
                .post, "/internal/friends/list", Self.key, #"{"userId":1,"limit":1001}"#)
            #expect(tooMany.status == .badRequest)
            for wrong: HTTPFields in [[:], [.authorization: "Bearer x"]] {
                let answer = try await social.execute(.post, "/internal/memberships", wrong, #"{"userIds":[1]}"#)
                #expect(answer.status == .unauthorized)
            }
            #expect(try await social.execute(.get, "/internal/changes", Self.key, nil).status == .badRequest)
        }
    }
}
