import Foundation
import HTTPTypes
import HummingbirdTesting
import ServiceKit
import Testing

@testable import Auth

struct CookieRouteTests {
    private let origin = ["origin": "http://localhost"]

    /// The token in an answer's cookie.
    private func token(in answer: TestResponse) throws -> String {
        let cookie = try #require(answer.headers[.setCookie])
        #expect(cookie.contains("; Path=/; HttpOnly; SameSite=Strict"))
        return try #require(cookie.wholeMatch(of: /token=([^;]*);.*/)?.output.1).description
    }

    @Test func `registering and signing in set the cookie to the token they answer`() async throws {
        try await withAuth { auth in
            let body = #"{"username":"alice","password":"open sesame"}"#
            for path in ["register", "login"] {
                let answer = try await auth.edge.call(.post, "/api/auth/\(path)", body)
                let token = try answer.decode(as: TestAuth.SignedIn.self).token
                #expect(try self.token(in: answer) == token)
                let me = try await auth.edge.call(.get, "/api/auth/me", headers: ["cookie": "token=\(token)"])
                #expect(me.status == .ok)
            }
        }
    }

    @Test func `signing out clears the cookie, also with a token due for renewal`() async throws {
        try await withAuth { auth in
            let token = try await auth.register("alice").token
            auth.clock.advance(by: .seconds(3_700))
            let answer = try await auth.edge.call(
                .post, "/api/auth/logout", headers: self.origin.merging(["cookie": "token=\(token)"]) { $1 })
            #expect(answer.status == .noContent)
            #expect(answer.headers[values: .setCookie] == ["token=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"])
        }
    }

    @Test func `renewal with the cookie sets the cookie`() async throws {
        try await withAuth { auth in
            let token = try await auth.register("alice").token
            auth.clock.advance(by: .seconds(60))
            let answer = try await auth.edge.call(
                .post, "/api/auth/renew", headers: self.origin.merging(["cookie": "token=\(token)"]) { $1 })
            let renewed = try self.token(in: answer)
            #expect(renewed != token)
            #expect(try answer.decode(as: SessionRoutes.Renewed.self).token == renewed)
            let bearer = try await auth.edge.call(.post, "/api/auth/renew", token: token)
            #expect(bearer.headers[.setCookie] == nil)
        }
    }

    @Test func `T11 the cookie alone signs nobody out from a foreign page`() async throws {
        try await withAuth { auth in
            let token = try await auth.register("alice").token
            for origin in [nil, "https://evil.example", "null"] {
                var headers = ["cookie": "token=\(token)"]
                headers["origin"] = origin
                let answer = try await auth.edge.call(.post, "/api/auth/logout", headers: headers)
                #expect(answer.status == .forbidden)
                #expect(answer.code == "forbidden")
            }
            #expect(try await auth.edge.call(.get, "/api/auth/me", token: token).status == .ok)
        }
    }
}
