import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import Postgres
import ServiceKit
import Testing

@testable import Auth

struct CodeRouteTests {
    private func reset(
        _ auth: TestAuth, _ name: String, _ code: String, to password: String = "shut sesame"
    ) async throws -> TestResponse {
        try await auth.edge.call(
            .post, "/api/auth/password-reset",
            #"{"username":"\#(name)","code":"\#(code)","newPassword":"\#(password)"}"#)
    }

    private func changeEmail(
        _ auth: TestAuth, _ token: String, to email: String, _ code: String, password: String = "open sesame"
    ) async throws -> TestResponse {
        try await auth.edge.call(
            .put, "/api/auth/me/email", #"{"email":"\#(email)","code":"\#(code)","password":"\#(password)"}"#,
            token: token)
    }

    @Test func `where verification is required one registers only with the code that came by mail`() async throws {
        try await withAuth(environment: ["AUTH_EMAIL_VERIFICATION": "required"]) { auth in
            func register(_ name: String, _ more: String, key: UUID? = nil) async throws -> TestResponse {
                try await auth.edge.call(
                    .post, "/api/auth/register", #"{"username":"\#(name)","password":"open sesame"\#(more)}"#,
                    headers: key.map { ["Idempotency-Key": $0.uuidString] } ?? [:])
            }
            #expect(try await register("alice", "").status == .badRequest)
            #expect(try await register("alice", #","email":"alice@example.org""#).status == .badRequest)
            let wrong = try await register("alice", #","email":"alice@example.org","code":"00000000""#)
            #expect(wrong.code == "invalid_code")

            let code = try await auth.code("register", to: "Alice@example.org")
            let other = try await register("alice", #","email":"mallory@example.org","code":"\#(code)""#)
            #expect(other.code == "invalid_code")
            let key = UUID()
            let with = #","email":"alice@example.org","code":"\#(code)""#
            let made = try await register("alice", with, key: key)
            #expect(made.status == .created)
            let account = try made.decode(as: TestAuth.SignedIn.self).user
            #expect(account.email == "alice@example.org")
            #expect(account.emailVerified)
            let again = try await register("alice", with, key: key)
            #expect(try again.decode(as: TestAuth.SignedIn.self).user == account)
            #expect(try await register("alice2", with).code == "invalid_code")
        }
    }

    @Test func `T12 an address is nobody's until it is verified, and then only its owner learns`() async throws {
        try await withAuth { auth in
            for name in ["alice", "mallory"] {
                let answer = try await auth.edge.call(
                    .post, "/api/auth/register",
                    #"{"username":"\#(name)","password":"open sesame","email":"alice@example.org"}"#)
                #expect(answer.status == .created)
                #expect(try !answer.decode(as: TestAuth.SignedIn.self).user.emailVerified)
            }
            let token = try await auth.login("alice").decode(as: TestAuth.SignedIn.self).token
            let code = try await auth.code("changeEmail", to: "alice@example.org", token: token)
            #expect(try await self.changeEmail(auth, token, to: "alice@example.org", code).status == .ok)

            let answer = try await auth.askForCode("register", for: "alice@example.org")
            #expect(answer.status == .accepted)
            let mail = try #require(auth.parts.mailbox?.all.first?.mail)
            #expect(mail.text.contains("There is an account with it already"))
            #expect(mail.code == nil)
            // A reset now goes to the one who has verified it.
            _ = try await auth.askForCode("resetPassword", for: "alice@example.org")
            #expect(auth.parts.mailbox?.all.first?.mail.text.contains("alice") == true)
            #expect(auth.parts.mailbox?.all.dropFirst().first?.mail == mail)
        }
    }

    @Test func `a code that came back sets a new password and ends every session`() async throws {
        try await withAuth { auth in
            let token = try await auth.register("alice", email: "alice@example.org").token
            let code = try await auth.code("resetPassword", to: "alice@example.org")
            #expect(try await self.reset(auth, "alice", code, to: "password1").status == .badRequest)
            #expect(try await self.reset(auth, "Alice", code).status == .noContent)
            #expect(try await auth.edge.call(.get, "/api/auth/me", token: token).status == .unauthorized)
            #expect(try await auth.login("alice").status == .unauthorized)
            #expect(try await auth.login("alice", password: "shut sesame").status == .ok)
            #expect(try await self.reset(auth, "alice", code).code == "invalid_code")
            #expect(auth.parts.mailbox?.all.first?.mail.subject == "Your password at Teahouse has changed")
        }
    }

    @Test func `T10 a code is for one account, one purpose and one address, and the newest one only`() async throws {
        try await withAuth { auth in
            try await auth.register("alice", email: "alice@example.org")
            let mallory = try await auth.register("mallory", email: "mallory@example.org").token
            let own = try await auth.code("resetPassword", to: "mallory@example.org")
            let register = try await auth.code("register", to: "nobody@example.org")
            let change = try await auth.code("changeEmail", to: "nobody@example.org", token: mallory)
            for code in [own, register, change] {
                #expect(try await self.reset(auth, "alice", code).code == "invalid_code")
            }
            let older = try await auth.code("resetPassword", to: "alice@example.org")
            let newer = try await auth.code("resetPassword", to: "alice@example.org")
            #expect(try await self.reset(auth, "alice", older).code == "invalid_code")
            #expect(try await self.changeEmail(auth, mallory, to: "other@example.org", change).code == "invalid_code")
            #expect(
                try await self.changeEmail(auth, mallory, to: "nobody@example.org", register).code == "invalid_code")
            #expect(try await self.reset(auth, "alice", newer).status == .noContent)
        }
    }

    @Test func `T10 after five wrong guesses the right code is dead too`() async throws {
        try await withAuth { auth in
            try await auth.register("alice", email: "alice@example.org")
            let code = try await auth.code("resetPassword", to: "alice@example.org")
            let refusals = try await withThrowingTaskGroup(of: TestResponse.self) { group in
                for _ in 0..<20 { group.addTask { try await self.reset(auth, "alice", "wrong") } }
                return try await group.reduce(into: [TestResponse]()) { $0.append($1) }
            }
            let dead = try await self.reset(auth, "alice", code)
            for answer in refusals + [dead] {
                #expect(answer.status == .badRequest)
                #expect(answer.code == "invalid_code")
            }
            #expect(try await auth.login("alice").status == .ok)
        }
    }

    @Test func `a code holds a quarter of an hour`() async throws {
        try await withAuth { auth in
            try await auth.register("alice", email: "alice@example.org")
            let code = try await auth.code("resetPassword", to: "alice@example.org")
            auth.clock.advance(by: .seconds(15 * 60))
            #expect(try await self.reset(auth, "alice", code).code == "invalid_code")
        }
    }

    @Test func `of two uses of one code at once one is made`() async throws {
        try await withAuth { auth in
            try await auth.register("alice", email: "alice@example.org")
            let code = try await auth.code("resetPassword", to: "alice@example.org")
            async let first = self.reset(auth, "alice", code, to: "shut sesame")
            async let second = self.reset(auth, "alice", code, to: "closed sesame")
            let statuses = try await [first.status, second.status]
            #expect(statuses.count { $0 == .noContent } == 1)
        }
    }

    @Test func `five codes an hour go to an address, known or not, and the answers are the same`() async throws {
        try await withAuth { auth in
            try await auth.register("alice", email: "alice@example.org")
            for address in ["alice@example.org", "nobody@example.org"] {
                for _ in 0..<5 { #expect(try await auth.askForCode("resetPassword", for: address).status == .accepted) }
                let limited = try await auth.askForCode("resetPassword", for: address)
                #expect(limited.status == .tooManyRequests)
                #expect(limited.headers[.retryAfter] == "3600")
            }
            #expect(auth.parts.mailbox?.all.count == 5)
            auth.clock.advance(by: .seconds(3601))
            #expect(try await auth.askForCode("resetPassword", for: "alice@example.org").status == .accepted)
        }
    }

    @Test(arguments: [
        "alice@example.org\\r\\nBcc: all@example.org", "alice", "@example.org", "alice@", "a b@example.org",
        "alice@exa mple.org", "alice@@example.org", "alice@-x.org", "\\\"alice\\\"@example.org",
        "<alice@example.org>", "alice@example.org,bob@example.org", "alice..b@example.org",
    ])
    func `T12 what is no address gets no mail`(text: String) async throws {
        try await withAuth { auth in
            let answer = try await auth.askForCode("register", for: text)
            #expect(answer.status == .badRequest)
            #expect(auth.parts.mailbox?.all.isEmpty == true)
        }
    }

    @Test func `another address takes the password and a code from there, and the one before is told`() async throws {
        try await withAuth { auth in
            let token = try await auth.register("alice", email: "alice@example.org").token
            #expect(try await auth.askForCode("changeEmail", for: "new@example.org").status == .unauthorized)
            let code = try await auth.code("changeEmail", to: "new@example.org", token: token)
            let wrong = try await self.changeEmail(auth, token, to: "new@example.org", code, password: "open barley")
            #expect(wrong.code == "wrong_password")
            let changed = try await self.changeEmail(auth, token, to: "new@example.org", code)
            #expect(try changed.decode(as: Account.self).email == "new@example.org")
            #expect(auth.parts.mailbox?.all.first?.mail.to.description == "alice@example.org")
        }
    }

    @Test func `T12 the mailbox is a page of local mode only`() async throws {
        try await withAuth { auth in
            try await auth.register("alice", email: "alice@example.org")
            let code = try await auth.code("resetPassword", to: "alice@example.org")
            let page = try await auth.inside.call(.get, "/mailbox")
            #expect(String(buffer: page.body).contains(code))
            #expect(try await auth.edge.call(.get, "/mailbox").status == .notFound)
        }
        let secret = Base64URL.encode((0..<32).map { UInt8($0 * 7) })
        let keys = ["auth", "social", "history", "media", "gateway"].map { "\($0)=\($0)-\(secret)" }
        let production = [
            "TEAHOUSE_MODE": "production", "AUTH_SECRETS_KEY": secret, "SERVICE_KEYS": keys.joined(separator: ","),
        ]
        try await withAuth(environment: production) { auth in
            for path in ["/mailbox", "/mailbox.json"] {
                let answer = try await auth.inside.call(.get, path)
                #expect(answer.status == .notFound)
            }
            let answer = try await auth.askForCode("register", for: "alice@example.org")
            #expect(answer.code == "mail_off")
        }
    }
}

extension Mail {
    /// The eight digits.
    var code: String? {
        let words = self.text.split(whereSeparator: \.isWhitespace)
        return words.first { $0.count == 8 && $0.allSatisfy(\.isNumber) }.map(String.init)
    }
}

extension TestAuth {
    @discardableResult
    func register(_ name: String, email: String) async throws -> SignedIn {
        let answer = try await self.edge.call(
            .post, "/api/auth/register",
            #"{"username":"\#(name)","password":"open sesame","email":"\#(email)"}"#)
        try #require(answer.status == .created)
        return try answer.decode()
    }

    func askForCode(_ purpose: String, for address: String, token: String? = nil) async throws -> TestResponse {
        try await self.edge.call(
            .post, "/api/auth/codes", #"{"email":"\#(address)","purpose":"\#(purpose)"}"#, token: token)
    }

    /// The code that came by mail.
    func code(_ purpose: String, to address: String, token: String? = nil) async throws -> String {
        let answer = try await self.askForCode(purpose, for: address, token: token)
        try #require(answer.status == .accepted)
        let mail = try #require(self.parts.mailbox?.all.first?.mail)
        #expect(mail.to.key == address.lowercased())
        return try #require(mail.code)
    }
}
