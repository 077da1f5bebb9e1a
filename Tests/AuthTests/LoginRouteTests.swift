import ChatAPI
import Foundation
import HTTPTypes
import HummingbirdTesting
import Postgres
import ServiceKit
import Testing

@testable import Auth

struct LoginRouteTests {
    @Test func `name in any case and password make a session with its device`() async throws {
        try await withAuth { auth in
            let alice = try await auth.register("Alice")
            let answer = try await auth.edge.call(
                .post, "/api/auth/login", #"{"username":"aLICE","password":"open sesame","device":"Firefox on Linux"}"#)
            #expect(answer.status == .ok)
            let signedIn = try answer.decode(as: TestAuth.SignedIn.self)
            #expect(signedIn.user == alice.user)
            let sessions = try await auth.edge.call(.get, "/api/auth/me/sessions", token: signedIn.token)
                .decode(as: SessionRoutes.SessionList.self).sessions
            #expect(sessions.first { $0.current }?.device == "Firefox on Linux")
            #expect(sessions.count == 2)
        }
    }

    @Test func `a wrong password and an unknown name have one answer`() async throws {
        try await withAuth { auth in
            _ = try await auth.register("alice")
            let wrong = try await auth.login("alice", password: "not sesame")
            let unknown = try await auth.login("nobody", password: "not sesame")
            #expect(wrong.status == .unauthorized)
            #expect(wrong.code == "invalid_credentials")
            #expect(unknown.status == wrong.status)
            #expect(unknown.body == wrong.body)
        }
    }

    @Test func `T08 an unknown name takes as long as a wrong password`() async throws {
        let limits = ["AUTH_FAILED_LOGINS_PER_ACCOUNT": "1000", "AUTH_FAILED_LOGINS_PER_ADDRESS": "1000"]
        try await withAuth(environment: limits, cost: .init()) { auth in
            _ = try await auth.register("alice")
            var times: [String: [Duration]] = [:]
            for _ in 0..<15 {
                for name in ["alice", "nobody"] {
                    let start = ContinuousClock.now
                    _ = try await auth.login(name, password: "not sesame")
                    times[name, default: []].append(ContinuousClock.now - start)
                }
            }
            let known = try #require(times["alice"]).sorted()[7]
            let unknown = try #require(times["nobody"]).sorted()[7]
            // Without the hash it would be a twentieth; half leaves room for a busy machine.
            #expect(unknown > known / 2 && known > unknown / 2)
        }
    }

    @Test(arguments: ["alice", "nobody"])
    func `T09 after five failures also the right password waits, and nothing else does`(name: String) async throws {
        try await withAuth { auth in
            let alice = try await auth.register("alice")
            _ = try await auth.register("bob")
            for _ in 0..<5 { #expect(try await auth.login(name, password: "not sesame").status == .unauthorized) }
            let refused = try await auth.login(name.uppercased())
            #expect(refused.status == .tooManyRequests)
            #expect(refused.code == "too_many_requests")
            #expect(refused.headers[.retryAfter] == "900")
            #expect(try await auth.login("bob").status == .ok)
            #expect(try await auth.edge.call(.get, "/api/auth/me", token: alice.token).status == .ok)
            #expect(try await auth.edge.call(.post, "/api/auth/renew", token: alice.token).status == .ok)
            auth.clock.advance(by: .seconds(15 * 60))
            #expect(try await auth.login("alice").status == .ok)
        }
    }

    @Test func `of fifty guesses at once no more than five are answered, even if one is right`() async throws {
        try await withAuth { auth in
            _ = try await auth.register("alice")
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<50 {
                    group.addTask { try await auth.login("alice", password: "guess number \(number)").status.code }
                }
                return try await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
            }
            #expect(statuses == [401: 5, 429: 45])
        }
    }

    @Test func `the right password starts the count anew`() async throws {
        try await withAuth { auth in
            _ = try await auth.register("alice")
            for _ in 0..<2 {
                for _ in 0..<4 {
                    #expect(try await auth.login("alice", password: "not sesame").status == .unauthorized)
                }
                #expect(try await auth.login("alice").status == .ok)
            }
        }
    }

    @Test func `twenty failures from one address hold up every account there`() async throws {
        try await withAuth { auth in
            _ = try await auth.register("alice")
            for number in 0..<20 { _ = try await auth.login("user\(number)") }
            #expect(try await auth.login("alice").status == .tooManyRequests)
        }
    }

    @Test func `a hash of another cost is made anew when its user signs in`() async throws {
        try await withAuth { auth in
            _ = try await auth.register("alice")
            let old = try await PasswordHasher(cost: .init(passes: 2, memoryBytes: 32 * 1024)).hash(
                Password("open sesame"))
            try await auth.postgres.execute("UPDATE auth.users SET password_hash = \(old)")
            #expect(try await auth.login("alice").status == .ok)
            let new: String? = try await auth.postgres.first("SELECT password_hash FROM auth.users")
            #expect(new != old)
            #expect(try await auth.login("alice").status == .ok)
        }
    }

    @Test func `what is no sign-in is refused and not counted`() async throws {
        try await withAuth { auth in
            let bodies = [
                #"{"username":"\u0000","password":"x"}"#, #"{"username":"alice"}"#, #"["alice"]"#, "",
                #"{"username":"a","username":"b","password":"x"}"#,
                #"{"username":"\#(String(repeating: "a", count: 257))","password":"x"}"#,
            ]
            for body in bodies {
                #expect(try await auth.edge.call(.post, "/api/auth/login", body).status == .badRequest, "\(body)")
            }
            let failures: Int? = try await auth.postgres.first("SELECT count(*) FROM auth.failed_logins")
            #expect(failures == 0)
        }
    }
}
