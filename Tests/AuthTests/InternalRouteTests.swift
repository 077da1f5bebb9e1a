import ChatAPI
import Foundation
import HTTPTypes
import HummingbirdTesting
import JWTKit
import NIOCore
import ServiceKit
import Testing

@testable import Auth

struct InternalRouteTests {
    /// What another service does: checks by itself, with what the snapshot told it.
    private func verifier(_ auth: TestAuth) async throws -> (TokenVerifier, AuthSnapshot) {
        let snapshot = try await auth.inside.call(.get, "/internal/snapshot", token: "local-key-of-social")
            .decode(as: AuthSnapshot.self)
        let verifier = TokenVerifier(now: { Timestamp(auth.clock.now) })
        try verifier.load(jwks: snapshot.jwks, revoked: snapshot.revoked)
        return (verifier, snapshot)
    }

    @Test func `another service checks tokens with the snapshot, and refuses the revoked ones in it`() async throws {
        try await withAuth { auth in
            let alice = try await auth.register("alice")
            let bob = try await auth.register("bob")
            _ = try await auth.edge.call(.post, "/api/auth/logout", token: bob.token)
            let (verifier, snapshot) = try await self.verifier(auth)
            #expect(try verifier.verify(alice.token).user == alice.user.id)
            #expect(throws: RequestError.unauthenticated) { try verifier.verify(bob.token) }
            #expect(snapshot.revoked.map(\.user) == [bob.user.id])
        }
    }

    @Test func `the feed goes on where the snapshot ends`() async throws {
        try await withAuth { auth in
            let alice = try await auth.register("alice")
            let (_, snapshot) = try await self.verifier(auth)
            _ = try await auth.edge.call(.patch, "/api/auth/me", #"{"nickname":"A"}"#, token: alice.token)
            _ = try await auth.edge.call(.post, "/api/auth/logout", token: alice.token)
            let answer = try await auth.inside.call(
                .get, "/internal/changes?after=\(snapshot.position)&limit=10", token: "local-key-of-history")
            let feed = try answer.decode(as: Changes<AuthChange>.self)
            #expect(feed.epoch == snapshot.epoch)
            #expect(feed.changes.map(\.position) == [snapshot.position + 1, snapshot.position + 2])
            var profile = alice.user.profile
            profile.nickname = "A"
            #expect(feed.changes[0].what == .profile(profile))
            guard case .sessionRevoked(let revoked) = feed.changes[1].what else {
                Issue.record("the second change is no revocation")
                return
            }
            #expect(revoked.user == alice.user.id)
        }
    }

    @Test func `a batch of tokens is renewed in its order, and what does not hold gets nothing`() async throws {
        try await withAuth { auth in
            let alice = try await auth.register("alice")
            let bob = try await auth.register("bob")
            auth.clock.advance(by: .seconds(3_700))
            let renewed = try await auth.renewInside([bob.token, "rubbish", alice.token, bob.token])
            #expect(renewed[1] == nil)
            #expect(renewed[0] == renewed[3])
            let (verifier, _) = try await self.verifier(auth)
            #expect(try verifier.verify(try #require(renewed[0])).user == bob.user.id)
            let claims = try verifier.verify(try #require(renewed[2]))
            #expect(claims.user == alice.user.id)
            #expect(claims.issuedAt == Timestamp(auth.clock.now))
            #expect(claims.expiresAt == Timestamp(auth.clock.now + 7 * 86_400))
        }
    }

    @Test func `users are looked up by id and name`() async throws {
        try await withAuth { auth in
            let alice = try await auth.register("alice").user
            let bob = try await auth.register("Bob").user
            let answer = try await auth.inside.call(
                .post, "/internal/users/lookup", #"{"ids":[\#(alice.id),999],"usernames":["BOB","x'"]}"#,
                token: "local-key-of-social")
            let found = try answer.decode(as: LookupUsers.Answer.self)
            #expect(Set(found.users) == [alice.profile, bob.profile])
            #expect(found.position > 0)
        }
    }

    @Test(arguments: ["/internal/snapshot", "/internal/changes?after=0"])
    func `H04 T05 without a service's key there is nothing inside, and with a token of a user neither`(path: String)
        async throws
    {
        try await withAuth { auth in
            let alice = try await auth.register("alice")
            for token in [nil, "local-key-of-nobody", "", alice.token] {
                #expect(try await auth.inside.call(.get, path, token: token).status == .unauthorized)
            }
            #expect(try await auth.edge.call(.get, path, token: "local-key-of-gateway").status == .notFound)
        }
    }

    @Test func `the public keys are where clients look for them, and another implementation takes our tokens by them`()
        async throws
    {
        try await withAuth { auth in
            let token = try await auth.register("alice").token
            let answer = try await auth.edge.call(.get, "/.well-known/jwks.json")
            #expect(answer.status == .ok)
            let other = try await auth.edge.call(.get, "/api/auth/.well-known/jwks.json")
            #expect(other.body == answer.body)
            let keys = try await JWTKeyCollection().add(jwksJSON: String(buffer: answer.body))
            let claims = try await keys.verify(token, as: Claims.self)
            #expect(claims.iss == "teahouse")
            #expect(UserID(claims.sub) != nil)
        }
    }

    private struct Claims: JWTPayload {
        let iss: String
        let sub: String
        func verify(using algorithm: some JWTAlgorithm) async throws {}
    }
}
