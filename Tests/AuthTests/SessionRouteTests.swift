import ChatAPI
import Foundation
import HTTPTypes
import HummingbirdTesting
import ServiceKit
import Testing

@testable import Auth

struct SessionRouteTests {
    @Test func `T06 after signing out no token of the session holds or can be renewed, old or new`() async throws {
        try await withAuth { auth in
            let first = try await auth.register("alice").token
            auth.clock.advance(by: .seconds(60))
            let second = try await auth.edge.call(.post, "/api/auth/renew", token: first)
                .decode(as: SessionRoutes.Renewed.self).token
            #expect(second != first)
            #expect(try await auth.edge.call(.post, "/api/auth/logout", token: first).status == .noContent)
            for token in [first, second] {
                #expect(try await auth.edge.call(.get, "/api/auth/me", token: token).status == .unauthorized)
                #expect(try await auth.edge.call(.post, "/api/auth/renew", token: token).status == .unauthorized)
            }
            #expect(try await auth.renewInside([first, second]) == [nil, nil])
        }
    }

    @Test func `T06 a session left idle for seven days is over, and so is one of ninety days`() async throws {
        try await withAuth { auth in
            let idle = try await auth.register("alice").token
            auth.clock.advance(by: .seconds(7 * 86_400 + 10))
            #expect(try await auth.edge.call(.get, "/api/auth/me", token: idle).status == .unauthorized)
            #expect(try await auth.renewInside([idle]) == [nil])

            var token = try await auth.register("bob").token
            for _ in 0..<14 {
                auth.clock.advance(by: .seconds(6 * 86_400))
                token = try #require(try await auth.renewInside([token])[0])
            }
            // 84 days have passed: the last token ends with the session.
            auth.clock.advance(by: .seconds(6 * 86_400 - 60))
            #expect(try await auth.edge.call(.get, "/api/auth/me", token: token).status == .ok)
            token = try #require(try await auth.renewInside([token])[0])
            auth.clock.advance(by: .seconds(70))
            #expect(try await auth.edge.call(.get, "/api/auth/me", token: token).status == .unauthorized)
            #expect(try await auth.renewInside([token]) == [nil])
        }
    }

    @Test func `a token older than an hour is renewed by whatever call it comes with`() async throws {
        try await withAuth { auth in
            let token = try await auth.register("alice").token
            #expect(try await auth.edge.call(.get, "/api/auth/me", token: token).headers[.token] == nil)
            auth.clock.advance(by: .seconds(3_700))
            let answer = try await auth.edge.call(.get, "/api/auth/users/999", token: token)
            #expect(answer.status == .notFound)
            let renewed = try #require(answer.headers[.token])
            #expect(renewed != token)
            auth.clock.advance(by: .seconds(7 * 86_400 - 60))
            #expect(try await auth.edge.call(.get, "/api/auth/me", token: token).status == .unauthorized)
            #expect(try await auth.edge.call(.get, "/api/auth/me", token: renewed).status == .ok)
        }
    }

    @Test func `one signs out another device of one's own, and of nobody else`() async throws {
        try await withAuth { auth in
            let alice = try await auth.register("alice")
            let phone = try await auth.login("alice").decode(as: TestAuth.SignedIn.self)
            let mallory = try await auth.register("mallory")
            let sessions = try await auth.edge.call(.get, "/api/auth/me/sessions", token: alice.token)
                .decode(as: SessionRoutes.SessionList.self).sessions
            let other = try #require(sessions.first { !$0.current })
            let path = "/api/auth/me/sessions/\(other.id)"
            let stranger = try await auth.edge.call(.delete, path, token: mallory.token)
            #expect(stranger.code == "session_not_found")
            let unknown = try await auth.edge.call(.delete, "/api/auth/me/sessions/\(UUID())", token: mallory.token)
            #expect(unknown.body == stranger.body)
            #expect(try await auth.edge.call(.get, "/api/auth/me", token: phone.token).status == .ok)

            #expect(try await auth.edge.call(.delete, path, token: alice.token).status == .noContent)
            #expect(try await auth.edge.call(.get, "/api/auth/me", token: phone.token).status == .unauthorized)
            #expect(try await auth.edge.call(.get, "/api/auth/me", token: alice.token).status == .ok)
            #expect(try await auth.edge.call(.delete, path, token: alice.token).code == "session_not_found")
        }
    }

    @Test func `what another instance has revoked is refused here when the feed has been read`() async throws {
        try await withAuth { auth in
            let alice = try await auth.register("alice")
            let session = try auth.parts.verifier.verify(alice.token).session
            // The store alone, as it is at work in another process.
            _ = try await auth.parts.sessions.revoke(session, of: alice.user.id, now: auth.clock.now)
            #expect(try await auth.edge.call(.get, "/api/auth/me", token: alice.token).status == .ok)
            try await auth.parts.feed.read()
            #expect(try await auth.edge.call(.get, "/api/auth/me", token: alice.token).status == .unauthorized)
        }
    }
}
