import ChatAPI
import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import Testing

@testable import Auth

/// `/me` and `/users`.
struct PeopleRouteTests {
    @Test func `one changes one's own profile, and the others see it`() async throws {
        try await withAuth { auth in
            let alice = try await auth.register("alice")
            let bob = try await auth.register("bob")
            let changed = try await auth.edge.call(
                .patch, "/api/auth/me", #"{"nickname":"爱丽丝","avatar":"/api/media/files/1/a.png","bio":"tea"}"#,
                token: alice.token)
            #expect(changed.status == .ok)
            #expect(try changed.decode(as: Account.self).bio == "tea")
            let seen = try await auth.edge.call(.get, "/api/auth/users/\(alice.user.id)", token: bob.token)
            #expect(
                try seen.decode(as: Profile.self)
                    == Profile(
                        id: alice.user.id, username: "alice", nickname: "爱丽丝", avatar: "/api/media/files/1/a.png"))
            #expect(!String(buffer: seen.body).contains("tea"))
        }
    }

    @Test func `a profile that cannot be taken changes nothing and names each field`() async throws {
        try await withAuth { auth in
            let alice = try await auth.register("alice")
            let answer = try await auth.edge.call(
                .patch, "/api/auth/me", #"{"nickname":"","avatar":"javascript:alert(1)"}"#, token: alice.token)
            #expect(answer.status == .badRequest)
            #expect(try answer.decode(as: ErrorBody.self).fields?.keys.sorted() == ["avatar", "nickname"])
            let me = try await auth.edge.call(.get, "/api/auth/me", token: alice.token).decode(as: Account.self)
            #expect(me == alice.user)
        }
    }

    @Test func `people are found by a beginning and by ids`() async throws {
        try await withAuth { auth in
            let alice = try await auth.register("alice")
            let alan = try await auth.register("Alan")
            _ = try await auth.register("bob")
            func users(_ query: String) async throws -> [String] {
                try await auth.edge.call(.get, "/api/auth/users?\(query)", token: alice.token)
                    .decode(as: UserRoutes.UserList.self).users.map(\.username)
            }
            #expect(try await users("query=AL") == ["Alan", "alice"])
            #expect(try await users("query=al&limit=1") == ["Alan"])
            #expect(try await users("query=%25") == [])
            #expect(Set(try await users("ids=\(alice.user.id),\(alan.user.id),999")) == ["alice", "Alan"])
        }
    }

    @Test func `a search without what it needs is refused`() async throws {
        try await withAuth { auth in
            let alice = try await auth.register("alice")
            let queries = [
                "", "?limit=5", "?query=", "?query=a&limit=0", "?query=a&limit=201", "?ids=0", "?ids=1,", "?ids=a",
                "?query=%00", "?query=a&query=b", "?query=\(String(repeating: "a", count: 51))",
            ]
            for query in queries {
                let answer = try await auth.edge.call(.get, "/api/auth/users\(query)", token: alice.token)
                #expect(answer.status == .badRequest, "\(query)")
                #expect(answer.code == "invalid_request", "\(query)")
            }
        }
    }

    @Test func `O09 what names no user is not found, or refused, and never more`() async throws {
        try await withAuth { auth in
            let alice = try await auth.register("alice")
            let ids = [
                "999", "0", "-1", "9223372036854775808", "1e3", "1.5", "1%20OR%201=1", "%00", "..%2f", "%D9%A1",
                String(repeating: "9", count: 10_000),
            ]
            for id in ids {
                let answer = try await auth.edge.call(.get, "/api/auth/users/\(id)", token: alice.token)
                #expect([.notFound, .badRequest].contains(answer.status), "\(id.prefix(20))")
            }
        }
    }

    @Test func `nobody without a token gets past the door`() async throws {
        try await withAuth { auth in
            let doors: [(HTTPRequest.Method, String)] = [
                (.get, "/api/auth/me"), (.patch, "/api/auth/me"), (.get, "/api/auth/users?query=a"),
                (.get, "/api/auth/users/1"), (.post, "/api/auth/logout"), (.post, "/api/auth/renew"),
                (.get, "/api/auth/me/sessions"), (.delete, "/api/auth/me/sessions/x"),
            ]
            for (method, path) in doors {
                let answer = try await auth.edge.call(method, path, method == .patch ? "{}" : nil)
                #expect(answer.status == .unauthorized, "\(method) \(path)")
                #expect(answer.code == "unauthenticated", "\(method) \(path)")
            }
        }
    }
}
