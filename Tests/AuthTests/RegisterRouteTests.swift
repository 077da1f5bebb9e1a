import ChatAPI
import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import Testing

@testable import Auth

struct RegisterRouteTests {
    @Test func `who registers is signed in, under their username until they choose a nickname`() async throws {
        try await withAuth { auth in
            let answer = try await auth.edge.call(
                .post, "/api/auth/register", #"{"username":"Alice","password":"open sesame"}"#)
            #expect(answer.status == .created)
            let alice = try answer.decode(as: TestAuth.SignedIn.self)
            #expect(alice.user.nickname == "Alice")
            let me = try await auth.edge.call(.get, "/api/auth/me", token: alice.token)
            #expect(me.status == .ok)
            #expect(try me.decode(as: Account.self) == alice.user)
            #expect(!String(buffer: answer.body).contains("hash"))
        }
    }

    @Test func `a name is taken in any case, and the answer does not say more`() async throws {
        try await withAuth { auth in
            _ = try await auth.register("alice")
            let answer = try await auth.edge.call(
                .post, "/api/auth/register", #"{"username":"ALICE","password":"another one"}"#)
            #expect(answer.status == .conflict)
            #expect(answer.code == "username_taken")
        }
    }

    @Test func `a field that cannot be taken is named`() async throws {
        let bodies = [
            (#"{"username":"a!","password":"open sesame"}"#, "username"),
            (#"{"username":"alice","password":"short"}"#, "password"),
            (#"{"username":"alice1234","password":"Alice1234"}"#, "password"),
            (#"{"username":"alice","password":"open sesame","nickname":""}"#, "nickname"),
            (#"{"username":"alice"}"#, "password"),
            (#"{"username":7,"password":"open sesame"}"#, "username"),
        ]
        try await withAuth { auth in
            for (body, field) in bodies {
                let answer = try await auth.edge.call(.post, "/api/auth/register", body)
                #expect(answer.status == .badRequest, "\(body)")
                #expect(try answer.decode(as: ErrorBody.self).fields?.keys.sorted() == [field], "\(body)")
                #expect(!String(buffer: answer.body).contains("sesame"), "\(body)")
            }
        }
    }

    @Test func `the same key again gives the same answer, word for word`() async throws {
        try await withAuth { auth in
            let key = ["Idempotency-Key": UUID().uuidString]
            let body = #"{"username":"alice","password":"open sesame","nickname":"A"}"#
            let first = try await auth.edge.call(.post, "/api/auth/register", body, headers: key)
            let second = try await auth.edge.call(.post, "/api/auth/register", body, headers: key)
            #expect(second.status == .created)
            #expect(
                try second.decode(as: TestAuth.SignedIn.self).token == first.decode(as: TestAuth.SignedIn.self).token)
            #expect(try second.decode(as: TestAuth.SignedIn.self).user == first.decode(as: TestAuth.SignedIn.self).user)
            // Whoever has only the key gets nothing by it.
            let guess = try await auth.edge.call(
                .post, "/api/auth/register", #"{"username":"alice","password":"a wrong one"}"#, headers: key)
            #expect(guess.code == "username_taken")
            let other = try await auth.edge.call(
                .post, "/api/auth/register", #"{"username":"bob","password":"open sesame"}"#, headers: key)
            #expect(other.status == .badRequest)
            #expect(try other.decode(as: ErrorBody.self).fields?.keys.sorted() == ["Idempotency-Key"])
        }
    }

    @Test func `of 20 registrations of one name at once one is answered 201 and the rest 409`() async throws {
        try await withAuth { auth in
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        try await auth.edge.call(
                            .post, "/api/auth/register", #"{"username":"alice","password":"open sesame \#(number)"}"#
                        ).status.code
                    }
                }
                return try await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
            }
            #expect(statuses == [201: 1, 409: 19])
        }
    }

    @Test func `when more passwords wait than may, the rest is told to come back`() async throws {
        try await withAuth(environment: ["AUTH_PASSWORD_THREADS": "1", "AUTH_PASSWORD_QUEUE": "1"], cost: .init()) {
            auth in
            let answers = try await withThrowingTaskGroup(of: TestResponse.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        try await auth.edge.call(
                            .post, "/api/auth/register", #"{"username":"user\#(number)","password":"open sesame"}"#)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(answers.map(\.status)) == [.created, .serviceUnavailable])
            let refused = try #require(answers.first { $0.status == .serviceUnavailable })
            #expect(refused.code == "unavailable")
            #expect(refused.headers[.retryAfter] == "1")
        }
    }
}
