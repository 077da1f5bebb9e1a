import ChatAPI
import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import Testing

@testable import Auth

/// `/me/privacy`, and what the other services hear of it.
struct PrivacyTests {
    @Test func `everybody begins with the usual, and changes what they give`() async throws {
        try await withAuth { auth in
            let alice = try await auth.register("alice")
            let first = try await auth.privacy(of: alice)
            #expect(first.requests == .anyone)
            #expect(first.presence == .friends)
            #expect(first.receipts && first.typing)
            let changed = try await auth.edge.call(
                .patch, "/api/auth/me/privacy", #"{"requests":"nobody","typing":false}"#, token: alice.token)
            #expect(changed.status == .ok)
            let second = try changed.decode(as: PrivacyRoutes.Own.self)
            #expect(second.requests == .nobody)
            #expect(!second.typing && second.receipts)
            #expect(second.code == first.code)
            #expect(try await auth.privacy(of: alice) == second)
        }
    }

    @Test(arguments: [
        #"{"requests":"friends"}"#, #"{"presence":"anyone"}"#, #"{"receipts":"no"}"#, #"{"typing":1}"#, "[]",
    ])
    func `what is no privacy is refused and changes nothing`(body: String) async throws {
        try await withAuth { auth in
            let alice = try await auth.register("alice")
            let before = try await auth.privacy(of: alice)
            let answer = try await auth.edge.call(.patch, "/api/auth/me/privacy", body, token: alice.token)
            #expect(answer.status == .badRequest)
            #expect(answer.code == "invalid_request")
            #expect(try await auth.privacy(of: alice) == before)
        }
    }

    @Test func `services hear of a change and find it looked up, and nobody else does`() async throws {
        try await withAuth { auth in
            let alice = try await auth.register("alice")
            let bob = try await auth.register("bob")
            let before = try await auth.parts.changes.changes(after: 0, limit: 100).position
            for _ in 1...2 {
                _ = try await auth.edge.call(
                    .patch, "/api/auth/me/privacy", #"{"presence":"nobody"}"#, token: alice.token)
            }
            let told = try await auth.parts.changes.changes(after: before, limit: 100).changes.map(\.what)
            let privacy = UserPrivacy(user: alice.user.id, privacy: Privacy(presence: .nobody))
            #expect(told == [.privacy(privacy)], "what changes nothing is not told")
            let answer = try await auth.inside.call(
                .post, "/internal/users/lookup", #"{"ids":[\#(alice.user.id),\#(bob.user.id)]}"#,
                token: "local-key-of-social"
            ).decode(as: LookupUsers.Answer.self)
            #expect(answer.privacy == [privacy])
            for path in ["/api/auth/users/\(alice.user.id)", "/api/auth/users?query=alice"] {
                let seen = try await auth.edge.call(.get, path, token: bob.token)
                #expect(!String(buffer: seen.body).contains("presence"))
            }
        }
    }

    @Test func `a friend code holds until there is another, however it is typed`() async throws {
        try await withAuth { auth in
            let alice = try await auth.register("alice")
            let bob = try await auth.register("bob")
            let code = try await auth.privacy(of: alice).code
            #expect(code.wholeMatch(of: /[A-Z2-7]{4}-[A-Z2-7]{4}-[A-Z2-7]{4}/) != nil)
            #expect(try await auth.privacy(of: bob).code != code)
            func welcome(_ code: String?) async throws -> JudgeFriendRequest.Welcome {
                try await auth.parts.privacies.judge(
                    JudgeFriendRequest(from: bob.user.id, to: alice.user.id, code: code)
                ).welcome
            }
            #expect(try await welcome("wrong") == .anyone, "as long as nobody needs it")
            _ = try await auth.edge.call(.patch, "/api/auth/me/privacy", #"{"requests":"code"}"#, token: alice.token)
            #expect(try await welcome(code) == .anyone)
            #expect(try await welcome(code.lowercased().replacing("-", with: " ")) == .anyone)
            for wrong in [nil, "", "AAAA-AAAA-AAAA", String(code.dropLast()), code + "A"] {
                #expect(try await welcome(wrong) == .nobody)
            }
            let renewed = try await auth.edge.call(.post, "/api/auth/me/privacy/code", token: alice.token)
            let other = try renewed.decode(as: PrivacyRoutes.Own.self).code
            #expect(other != code)
            #expect(try await welcome(code) == .nobody)
            #expect(try await welcome(other) == .anyone)
        }
    }

    @Test func `nobody is welcome at an account that is gone`() async throws {
        try await withAuth { auth in
            let alice = try await auth.register("alice")
            let bob = try await auth.register("bob")
            let wish = #"{"from":\#(bob.user.id),"to":\#(alice.user.id)}"#
            func judge() async throws -> JudgeFriendRequest.Answer {
                try await auth.inside.call(
                    .post, "/internal/friend-requests/judge", wish, token: "local-key-of-social"
                ).decode()
            }
            #expect(try await judge().welcome == .anyone)
            #expect(try await judge().senderSince == Timestamp(auth.clock.now))
            _ = try await auth.edge.call(
                .delete, "/api/auth/me", #"{"password":"open sesame"}"#, token: alice.token)
            #expect(try await judge().welcome == .nobody)
        }
    }
}

extension TestAuth {
    fileprivate func privacy(of person: SignedIn) async throws -> PrivacyRoutes.Own {
        try await self.edge.call(.get, "/api/auth/me/privacy", token: person.token).decode()
    }
}
