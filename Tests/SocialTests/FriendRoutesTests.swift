import ChatAPI
import Foundation
import HTTPTypes
import Synchronization
import Testing

@testable import Social

struct FriendRoutesTests {
    @Test func `two people become friends, name each other, and part`() async throws {
        try await withSocialRoutes { social, _ in
            let asked = try await social.call(
                .post, "/friend-requests", as: .alice, #"{"username":"User2","reason":"hi"}"#)
            #expect(asked.status == .created)
            let request = try asked.decode(FriendRequest.self)
            #expect(request.user == StandIns.profile(.bob))
            #expect(request.reason == "hi")
            #expect(request.status == .pending)

            let lists = try await social.call(.get, "/friend-requests", as: .bob).decode(FriendRequestLists.self)
            #expect(lists.received.map(\.user.id) == [.alice])
            #expect(lists.sent.isEmpty)

            let agreed = try await social.call(.post, "/friend-requests/\(request.id)/agree", as: .bob)
            #expect(agreed.status == .ok)
            #expect(try agreed.decode(FriendRequest.self).status == .agreed)

            let named = try await social.call(.patch, "/friends/2", as: .alice, #"{"remark":" Bobby "}"#)
            #expect(try named.decode(Friend.self).remark == "Bobby")
            let friends = try await social.call(.get, "/friends", as: .alice).decode(FriendList.self)
            #expect(friends.friends.map(\.user) == [StandIns.profile(.bob)])
            #expect(friends.next == nil)

            #expect(try await social.call(.delete, "/friends/1", as: .bob).status == .noContent)
            #expect(try await social.call(.delete, "/friends/1", as: .bob).code == "friend_not_found")
            #expect(try await social.call(.get, "/friends", as: .alice).text == #"{"friends":[]}"#)
        }
    }

    @Test func `crossed requests agree at once`() async throws {
        try await withSocialRoutes { social, _ in
            #expect(try await social.call(.post, "/friend-requests", as: .alice, #"{"userId":2}"#).status == .created)
            let crossed = try await social.call(.post, "/friend-requests", as: .bob, #"{"userId":1}"#)
            #expect(crossed.status == .ok)
            #expect(try crossed.decode(FriendRequest.self).status == .agreed)
            #expect(try crossed.decode(FriendRequest.self).user == StandIns.profile(.alice))
            #expect(
                try await social.call(.post, "/friend-requests", as: .bob, #"{"userId":1}"#).code == "already_friends")
        }
    }

    @Test func `each wrong request is refused as the contract says`() async throws {
        try await withSocialRoutes { social, _ async throws in
            func ask(_ body: String) async throws -> (Int, String?) {
                let answer = try await social.call(.post, "/friend-requests", as: .alice, body)
                return (answer.status.code, answer.code)
            }
            #expect(try await ask(#"{"userId":1}"#) == (400, "invalid_request"))
            #expect(try await ask(#"{"username":"user1"}"#) == (400, "invalid_request"))
            #expect(try await ask(#"{}"#) == (400, "invalid_request"))
            #expect(try await ask(#"{"userId":2,"username":"user2"}"#) == (400, "invalid_request"))
            #expect(try await ask(#"{"userId":99999}"#) == (404, "user_not_found"))
            #expect(try await ask(#"{"username":"nobody"}"#) == (404, "user_not_found"))
            #expect(
                try await ask(#"{"userId":2,"reason":"\#(String(repeating: "长", count: 101))"}"#) == (
                    400, "invalid_request"
                ))
            #expect(try await ask(#"{"userId":2,"reason":"\#(String(repeating: "长", count: 100))"}"#) == (201, nil))
            #expect(try await ask(#"{"userId":2}"#) == (409, "already_requested"))
        }
    }

    @Test func `requests of others cannot be told from none`() async throws {
        try await withSocialRoutes { social, _ in
            let id = try await social.call(.post, "/friend-requests", as: .alice, #"{"userId":2}"#)
                .decode(FriendRequest.self).id
            for act in ["agree", "reject"] {
                let foreign = try await social.call(.post, "/friend-requests/\(id)/\(act)", as: .mallory)
                let none = try await social.call(.post, "/friend-requests/4711/\(act)", as: .mallory)
                #expect(foreign.status == .notFound)
                #expect(foreign.bytes == none.bytes)
                #expect(try await social.call(.post, "/friend-requests/\(id)/\(act)", as: .alice).bytes == none.bytes)
            }
            #expect(try await social.call(.delete, "/friend-requests/\(id)", as: .bob).status == .notFound)
            #expect(try await social.call(.delete, "/friend-requests/\(id)", as: .alice).status == .noContent)
            #expect(try await social.call(.post, "/friend-requests/\(id)/agree", as: .bob).code == "not_pending")
        }
    }

    @Test func `over the quota it says when to come again`() async throws {
        try await withSocialRoutes(["SOCIAL_REQUESTS_PENDING": "1"]) { social, _ in
            _ = try await social.call(.post, "/friend-requests", as: .alice, #"{"userId":2}"#)
            let refused = try await social.call(.post, "/friend-requests", as: .alice, #"{"userId":3}"#)
            #expect(refused.status == .tooManyRequests)
            #expect(refused.code == "too_many_requests")
            #expect(refused.headers[.retryAfter] == "3600")
        }
    }

    @Test func `an idempotency key gives the same answer again`() async throws {
        try await withSocialRoutes { social, _ in
            let name = try #require(HTTPField.Name("Idempotency-Key"))
            let headers: HTTPFields = [name: UUID().uuidString]
            let first = try await social.call(.post, "/friend-requests", as: .alice, #"{"userId":2}"#, headers: headers)
            let again = try await social.call(.post, "/friend-requests", as: .alice, #"{"userId":2}"#, headers: headers)
            #expect(again.status == .created)
            #expect(try again.decode(FriendRequest.self) == first.decode(FriendRequest.self))
            let bad = try await social.call(
                .post, "/friend-requests", as: .alice, #"{"userId":2}"#, headers: [name: "1"])
            #expect(bad.status == .badRequest)
        }
    }

    @Test func `friends are searched by names and remarks, in pages`() async throws {
        try await withSocialRoutes(["SOCIAL_REQUESTS_PENDING": "100"]) { social, _ in
            for id in 11...16 { try await social.befriend(.alice, UserID(Int64(id))) }
            _ = try await social.call(.patch, "/friends/14", as: .alice, #"{"remark":"Onkel 15"}"#)
            let found = try await social.call(.get, "/friends?query=NICK%2011", as: .alice).decode(FriendList.self)
            #expect(found.friends.map(\.user.id.rawValue) == [11])
            let both = try await social.call(.get, "/friends?query=15", as: .alice).decode(FriendList.self)
            #expect(both.friends.map(\.user.id.rawValue) == [14, 15])

            let page = try await social.call(.get, "/friends?limit=4", as: .alice).decode(FriendList.self)
            #expect(page.friends.map(\.user.id.rawValue) == [11, 12, 13, 14])
            let next = try #require(page.next)
            let rest = try await social.call(.get, "/friends?limit=4&cursor=\(next)", as: .alice).decode(
                FriendList.self)
            #expect(rest.friends.map(\.user.id.rawValue) == [15, 16])
            #expect(rest.next == nil)
            #expect(try await social.call(.get, "/friends?limit=201", as: .alice).status == .badRequest)
        }
    }

    @Test func `profiles are asked for together and then remembered`() async throws {
        try await withSocialRoutes { social, standIns in
            for id in 11...15 { try await social.befriend(.alice, UserID(Int64(id))) }
            let before = standIns.lookups.withLock { $0.count }
            for _ in 0..<3 { _ = try await social.call(.get, "/friends", as: .alice) }
            #expect(standIns.lookups.withLock { $0.count } == before)
        }
    }

    @Test func `a block is put, listed and taken back`() async throws {
        try await withSocialRoutes { social, _ in
            #expect(try await social.call(.put, "/blocks/666", as: .alice).decode(Block.self).user.id == .mallory)
            #expect(
                try await social.call(.get, "/blocks", as: .alice).decode(BlockList.self).blocks.map(\.user.id) == [
                    .mallory
                ])
            let asked = try await social.call(.post, "/friend-requests", as: .mallory, #"{"userId":1}"#)
            #expect(asked.status == .forbidden)
            #expect(try await social.call(.put, "/blocks/1", as: .alice).status == .badRequest)
            #expect(try await social.call(.put, "/blocks/99999", as: .alice).code == "user_not_found")
            #expect(try await social.call(.delete, "/blocks/666", as: .alice).status == .noContent)
            #expect(try await social.call(.delete, "/blocks/666", as: .alice).status == .notFound)
        }
    }
}
