import ChatAPI
import Foundation
import HTTPTypes
import HummingbirdTesting
import Postgres
import ServiceKit
import Testing

@testable import Auth

struct PasswordRouteTests {
    private func change(
        _ auth: TestAuth, _ token: String, from current: String = "open sesame", to new: String = "shut sesame",
        address: String? = nil
    ) async throws -> TestResponse {
        try await auth.edge.call(
            .put, "/api/auth/me/password", #"{"currentPassword":"\#(current)","newPassword":"\#(new)"}"#, token: token)
    }

    private func status(_ auth: TestAuth, _ token: String) async throws -> HTTPResponse.Status {
        try await auth.edge.call(.get, "/api/auth/me", token: token).status
    }

    @Test func `T07 with another password every other session is over, and its device goes on`() async throws {
        try await withAuth { auth in
            let here = try await auth.register("alice").token
            let phone = try await auth.login("alice").decode(as: TestAuth.SignedIn.self).token
            let tablet = try await auth.login("alice").decode(as: TestAuth.SignedIn.self).token
            let bob = try await auth.register("bob").token
            #expect(try await self.change(auth, here).status == .noContent)
            for token in [phone, tablet] {
                #expect(try await self.status(auth, token) == .unauthorized)
                #expect(try await auth.renewInside([token]) == [nil])
            }
            #expect(try await self.status(auth, here) == .ok)
            #expect(try await self.status(auth, bob) == .ok)
            #expect(try await auth.login("alice").code == "invalid_credentials")
            #expect(try await auth.login("alice", password: "shut sesame").status == .ok)

            // What the other services hear.
            let feed = try await auth.parts.changes.changes(after: 0, limit: 100).changes
            let revoked = feed.compactMap { change in
                if case .sessionRevoked(let revoked) = change.what { revoked.session } else { nil }
            }
            let ended = try [phone, tablet].map { try auth.parts.keys.session(in: $0) }
            #expect(Set(revoked) == Set(ended))
        }
    }

    @Test func `without the current password nothing changes, and guesses are counted as at sign-in`() async throws {
        try await withAuth { auth in
            let token = try await auth.register("alice").token
            for _ in 0..<5 {
                let wrong = try await self.change(auth, token, from: "open barley")
                #expect(wrong.status == .forbidden)
                #expect(wrong.code == "wrong_password")
            }
            let locked = try await self.change(auth, token)
            #expect(locked.status == .tooManyRequests)
            #expect(locked.headers[.retryAfter] != nil)
            #expect(try await auth.login("alice").status == .tooManyRequests)
            #expect(try await self.status(auth, token) == .ok)
            auth.clock.advance(by: .seconds(15 * 60 + 1))
            #expect(try await auth.login("alice").status == .ok)
        }
    }

    @Test func `the new password must be within the rules`() async throws {
        try await withAuth { auth in
            let token = try await auth.register("alice").token
            for weak in ["short", "password1", "alice123"] {
                let answer = try await self.change(auth, token, to: weak)
                #expect(answer.status == .badRequest)
                #expect(try answer.decode(as: ErrorBody.self).fields?["newPassword"] != nil)
            }
            #expect(try await auth.login("alice").status == .ok)
        }
    }

    @Test func `of two changes at once from one password one is made`() async throws {
        try await withStores { stores in
            let (alice, session) = try await stores.register("alice")
            let passwords = PasswordStore(postgres: stores.postgres, changes: stores.changes)
            let entry = AuditEntry(
                action: .passwordChanged, user: alice.id, session: session.id, address: nil, at: stores.clock.now)
            async let first = passwords.replace(1, by: "a", keeping: session.id, audit: entry)
            async let second = passwords.replace(1, by: "b", keeping: session.id, audit: entry)
            let made = try await [first, second].compactMap { $0 }
            #expect(made.count == 1)
        }
    }

    @Test func `a sign-in that has checked the older password begins no session`() async throws {
        try await withStores { stores in
            let (alice, first) = try await stores.register("alice")
            let late = stores.sessions.new(user: alice.id, device: nil, address: "192.0.2.1", now: stores.clock.now)
            let entry = AuditEntry(
                action: .passwordChanged, user: alice.id, session: first.id, address: nil, at: stores.clock.now)
            let passwords = PasswordStore(postgres: stores.postgres, changes: stores.changes)
            #expect(try await passwords.replace(1, by: "new", keeping: first.id, audit: entry) == [])
            #expect(try await !stores.sessions.begin(late, after: 1, forgiving: "alice"))
            let list = try await stores.sessions.list(of: alice.id, limit: 10, now: stores.clock.now)
            #expect(list.map(\.id) == [first.id])
        }
    }

    @Test func `when the feed cannot be written the password stays and no session ends`() async throws {
        try await withAuth { auth in
            let here = try await auth.register("alice").token
            let phone = try await auth.login("alice").decode(as: TestAuth.SignedIn.self).token
            try await auth.postgres.execute("ALTER TABLE auth.changes ADD CHECK (position < 3)")
            #expect(try await self.change(auth, here).status == .serviceUnavailable)
            #expect(try await self.status(auth, phone) == .ok)
            #expect(try await auth.login("alice").status == .ok)
        }
    }

    @Test func `all other sessions are signed out by one call`() async throws {
        try await withAuth { auth in
            let here = try await auth.register("alice").token
            let phone = try await auth.login("alice").decode(as: TestAuth.SignedIn.self).token
            let bob = try await auth.register("bob").token
            for _ in 0..<2 {
                let answer = try await auth.edge.call(.delete, "/api/auth/me/sessions", token: here)
                #expect(answer.status == .noContent)
            }
            #expect(try await self.status(auth, phone) == .unauthorized)
            #expect(try await self.status(auth, here) == .ok)
            #expect(try await self.status(auth, bob) == .ok)
        }
    }

    @Test func `T06 the audit names each session that ended, and nobody changes it`() async throws {
        try await withAuth { auth in
            let alice = try await auth.register("alice")
            let session = try auth.parts.keys.session(in: alice.token)
            #expect(try await auth.edge.call(.post, "/api/auth/logout", token: alice.token).status == .noContent)
            let actions: [String] = try await auth.postgres.all(
                "SELECT action FROM auth.audit WHERE session_id = \(session) AND user_id = \(alice.user.id) ORDER BY id"
            )
            #expect(actions == ["registered", "session_revoked"])
            for sql in ["DELETE FROM auth.audit", "UPDATE auth.audit SET action = 'x'", "TRUNCATE auth.audit"] as [SQL]
            {
                await #expect(throws: PostgresError.self) { try await auth.postgres.execute(sql) }
            }
        }
    }
}

extension SigningKeys {
    /// The session a token is of, whether or not it still holds.
    fileprivate func session(in token: String) throws -> SessionID {
        let verifier = TokenVerifier(now: { Timestamp(milliseconds: 1_800_000_000_000) })
        try verifier.load(jwks: self.jwks, revoked: [])
        return try verifier.verify(token).session
    }
}
