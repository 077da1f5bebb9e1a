import ChatAPI
import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import Postgres
import ServiceKit
import Testing

@testable import Auth

/// What operators do to accounts.
struct OperatorRouteTests {
    @Test func `a disabled account signs in no more, which only who knows its password gets to know`() async throws {
        try await withAuth { auth in
            let alice = try await auth.register("alice")
            let disabled = try await auth.operate(
                .post, "/accounts/\(alice.user.id)/disable", #"{"note":"spam"}"#)
            #expect(disabled.status == .ok)
            let standing = try disabled.decode(as: OperatorStore.Standing.self)
            #expect(standing.disabledAt == Timestamp(auth.clock.now))
            #expect(standing.sessions == 0)
            #expect(try await auth.edge.call(.get, "/api/auth/me", token: alice.token).status == .unauthorized)
            #expect(try await auth.renewInside([alice.token]) == [nil])
            let right = try await auth.login("alice")
            #expect(right.status == .forbidden)
            #expect(right.code == "account_disabled")
            #expect(try await auth.login("alice", password: "wrong password").code == "invalid_credentials")
            _ = try await auth.operate(.post, "/accounts/\(alice.user.id)/enable", "{}")
            #expect(try await auth.login("alice").status == .ok)
        }
    }

    @Test func `a sign-in that has checked the password before begins no session after`() async throws {
        try await withStores { stores in
            let (alice, _) = try await stores.register("alice")
            let operators = OperatorStore(postgres: stores.postgres, changes: stores.changes)
            let session = stores.sessions.new(user: alice.id, device: nil, address: "192.0.2.1", now: stores.clock.now)
            let entry = AuditEntry(action: .disabled, user: alice.id, operator: "ann", at: stores.clock.now)
            #expect(try await operators.setDisabled(true, audit: entry).count == 1)
            #expect(try await !stores.sessions.begin(session, after: 1, forgiving: "alice"))
            #expect(try await operators.setDisabled(true, audit: entry).isEmpty)
            let disabled = try await operators.audit(of: alice.id, before: nil, limit: 10)
                .filter { $0.action == "disabled" }
            #expect(disabled.map(\.operator) == ["ann"], "once more is nothing")
        }
    }

    @Test func `an account is found by its id and its name, with its sessions`() async throws {
        try await withAuth { auth in
            let alice = try await auth.register("alice")
            _ = try await auth.login("alice")
            let found = try await auth.operate(.get, "/accounts?username=ALICE")
                .decode(as: OperatorStore.Standing.self)
            #expect(found.account.id == alice.user.id)
            #expect(found.sessions == 2)
            #expect(!found.secondFactor && found.disabledAt == nil)
            let again = try await auth.operate(.get, "/accounts?id=\(alice.user.id)")
            #expect(try again.decode(as: OperatorStore.Standing.self) == found)
            let sessions = try await auth.operate(.get, "/accounts/\(alice.user.id)/sessions")
                .decode(as: OperatorRoutes.SessionList.self).sessions
            #expect(sessions.count == 2)
            for path in ["/accounts?id=4711", "/accounts?username=nobody", "/accounts/4711/sessions"] {
                #expect(try await auth.operate(.get, path).code == "user_not_found")
            }
            for path in ["/accounts", "/accounts?id=1&username=alice"] {
                #expect(try await auth.operate(.get, path).status == .badRequest)
            }
        }
    }

    @Test func `all sessions of a user end at once`() async throws {
        try await withAuth { auth in
            let alice = try await auth.register("alice")
            let bob = try await auth.register("bob")
            let answer = try await auth.operate(.post, "/accounts/\(alice.user.id)/sign-out", "{}")
            #expect(answer.status == .noContent)
            #expect(try await auth.edge.call(.get, "/api/auth/me", token: alice.token).status == .unauthorized)
            #expect(try await auth.edge.call(.get, "/api/auth/me", token: bob.token).status == .ok)
            #expect(try await auth.login("alice").status == .ok)
        }
    }

    @Test func `a password is made, or taken from the operator by the usual rules`() async throws {
        try await withAuth { auth in
            let alice = try await auth.register("alice")
            for _ in 1...5 { _ = try await auth.login("alice", password: "wrong password") }
            #expect(try await auth.login("alice").status == .tooManyRequests)
            let path = "/accounts/\(alice.user.id)/password"
            let made = try await auth.operate(.put, path, "{}").decode(as: OperatorRoutes.PasswordSet.self)
            let password = try #require(made.password)
            #expect(try await auth.login("alice", password: password).status == .ok, "failures are forgiven")
            #expect(try await auth.edge.call(.get, "/api/auth/me", token: alice.token).status == .unauthorized)
            #expect(try await auth.operate(.put, path, #"{"password":"12345678"}"#).status == .badRequest)
            let given = try await auth.operate(.put, path, #"{"password":"another sesame"}"#)
            #expect(try given.decode(as: OperatorRoutes.PasswordSet.self).password == nil)
            #expect(try await auth.login("alice", password: "another sesame").status == .ok)
        }
    }

    @Test func `every act is in the audit, under the name of who did it`() async throws {
        try await withAuth { auth in
            let alice = try await auth.register("alice")
            let path = "/accounts/\(alice.user.id)"
            _ = try await auth.operate(.post, "\(path)/disable", #"{"note":"spam"}"#)
            _ = try await auth.operate(.post, "\(path)/enable", "{}")
            _ = try await auth.operate(.post, "\(path)/sign-out", "{}")
            _ = try await auth.operate(.put, "\(path)/password", "{}")
            let page = try await auth.operate(.get, "/audit?userId=\(alice.user.id)&limit=3")
                .decode(as: OperatorRoutes.AuditList.self)
            #expect(page.entries.map(\.action) == ["password_set", "signed_out", "enabled"])
            #expect(page.entries.allSatisfy { $0.operator == "ann" })
            let next = try #require(page.next)
            let rest = try await auth.operate(.get, "/audit?cursor=\(next)").decode(as: OperatorRoutes.AuditList.self)
            #expect(rest.entries.map(\.action) == ["session_revoked", "disabled", "registered"])
            #expect(rest.entries.map(\.note) == [nil, "spam", nil])
            let text = String(buffer: try await auth.operate(.get, "/audit").body)
            #expect(!text.contains("sesame"))
        }
    }

    @Test(arguments: ["/internal/accounts?id=1", "/internal/accounts/1/sessions", "/internal/audit"])
    func `H04 operators' calls take the operators' key and no service's`(path: String) async throws {
        try await withAuth { auth in
            let alice = try await auth.register("alice")
            for token in [nil, "local-key-of-social", "local-key-of-auth", alice.token] {
                #expect(try await auth.inside.call(.get, path, token: token).status == .unauthorized)
            }
            #expect(try await auth.edge.call(.get, path, token: "local-key-of-operator").status == .notFound)
            let other = try await auth.inside.call(.get, "/internal/snapshot", token: "local-key-of-operator")
            #expect(other.status == .unauthorized)
        }
    }
}

extension TestAuth {
    /// Calls as the operator `ann`.
    fileprivate func operate(_ method: HTTPRequest.Method, _ path: String, _ json: String? = nil) async throws
        -> TestResponse
    {
        try await self.inside.call(
            method, "/internal" + path, json, token: "local-key-of-operator", headers: ["x-operator": "ann"])
    }
}
