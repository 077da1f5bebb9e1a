import ChatAPI
import Foundation
import HTTPTypes
import HummingbirdTesting
import Postgres
import ServiceKit
import Testing

@testable import Auth

struct DeletionTests {
    private func delete(
        _ auth: TestAuth, _ token: String, _ password: String = "open sesame"
    ) async throws -> TestResponse {
        try await auth.edge.call(.delete, "/api/auth/me", #"{"password":"\#(password)"}"#, token: token)
    }

    @Test func `an account that is deleted tells nothing of who it was, and its name is free`() async throws {
        try await withAuth { auth in
            let alice = try await auth.register("alice", email: "alice@example.org")
            let phone = try await auth.login("alice").decode(as: TestAuth.SignedIn.self).token
            let bob = try await auth.register("bob").token
            #expect(try await self.delete(auth, alice.token, "open barley").code == "wrong_password")
            #expect(try await self.delete(auth, alice.token).status == .noContent)
            for table in ["users", "sessions", "failed_logins", "codes"] {
                let rows: [String] = try await auth.postgres.all(
                    "SELECT r :: text FROM \(identifier: "auth").\(identifier: table) AS r")
                #expect(!rows.contains { $0.contains("alice") }, "\(table)")
            }
            for token in [alice.token, phone] {
                #expect(try await auth.edge.call(.get, "/api/auth/me", token: token).status == .unauthorized)
            }
            #expect(try await auth.login("alice").code == "invalid_credentials")
            let seen = try await auth.edge.call(.get, "/api/auth/users/\(alice.user.id)", token: bob)
            let profile = try seen.decode(as: Profile.self)
            #expect(profile.nickname == "Deleted account")
            #expect(profile.username.hasPrefix("deleted-"))
            let found = try await auth.edge.call(.get, "/api/auth/users?query=deleted", token: bob)
            #expect(try found.decode(as: UserRoutes.UserList.self).users.isEmpty)
            #expect(try await auth.register("alice").user.id != alice.user.id)
        }
    }

    @Test func `the feed tells the sessions, the empty profile and the deletion, in this order`() async throws {
        try await withAuth { auth in
            let alice = try await auth.register("alice")
            #expect(try await self.delete(auth, alice.token).status == .noContent)
            let feed = try await auth.parts.changes.changes(after: 0, limit: 100).changes.map(\.what)
            guard case .sessionRevoked(let revoked) = feed[feed.count - 3],
                case .profile(let profile) = feed[feed.count - 2]
            else {
                Issue.record("the feed holds \(feed)")
                return
            }
            #expect(revoked.user == alice.user.id)
            #expect(profile.id == alice.user.id)
            #expect(feed.last == .userDeleted(alice.user.id))
        }
    }
}
