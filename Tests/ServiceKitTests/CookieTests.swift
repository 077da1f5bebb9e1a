import ChatAPI
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import ServiceKit
import Testing

private func application(
    _ tokens: TestTokens, renewal: TokenRenewal? = nil, _ environment: [String: String] = [:]
) -> ServiceApplication {
    let usual = [
        "TEAHOUSE_MODE": "local", "SOCIAL_PUBLIC_ADDRESS": "127.0.0.1:0", "SOCIAL_INTERNAL_ADDRESS": "127.0.0.1:0",
    ]
    let keys = ConfigurationKeys(service: "social", environment: usual.merging(environment) { $1 })
    let application = ServiceApplication(
        CommonConfiguration(keys), tokens: tokens.verifier, renewal: renewal, metrics: PrometheusMetrics(),
        logger: quiet)
    application.routes.group("api/social/mine", context: AuthenticatedContext.self)
        .get { _, context in "\(context.user)" }
        .post { _, context in "\(context.user)" }
    return application
}

@Suite struct CookieTests {
    let tokens: TestTokens
    let path = "/api/social/mine"

    init() throws { self.tokens = try TestTokens() }

    private func cookie(_ token: String, origin: String? = nil) -> HTTPFields {
        var fields: HTTPFields = [.cookie: "theme=dark; token=\(token)"]
        fields[.origin] = origin
        return fields
    }

    @Test func `the cookie carries a token as the header does`() async throws {
        let token = try self.tokens.token()
        try await application(self.tokens).publicListener.test(.router) { client in
            let answer = try await client.execute(uri: self.path, method: .get, headers: self.cookie(token))
            #expect(answer.text == "7")
            for other in ["x.y.z", "", "\(token); token=\(token)"] {
                let answer = try await client.execute(uri: self.path, method: .get, headers: self.cookie(other))
                #expect(answer.status == .unauthorized)
            }
        }
    }

    @Test func `with both carriers the header counts, also where it holds nothing good`() async throws {
        let cookie = self.cookie(try self.tokens.token(user: UserID(8)))
        let bearer = "Bearer \(try self.tokens.token())"
        try await application(self.tokens).publicListener.test(.router) { client in
            let both = try await client.execute(
                uri: self.path, method: .post, headers: cookie.with(.authorization, bearer))
            #expect(both.text == "7")
            let bad = try await client.execute(
                uri: self.path, method: .get, headers: cookie.with(.authorization, "Bearer x"))
            #expect(bad.status == .unauthorized)
        }
    }

    @Test(arguments: [
        nil, "null", "https://evil.example", "http://localhost.evil.example", "http://localhost:81", "localhost",
    ])
    func `T11 the cookie alone changes nothing from a foreign page, nor from none`(origin: String?) async throws {
        let token = try self.tokens.token()
        try await application(self.tokens).publicListener.test(.router) { client in
            let answer = try await client.execute(
                uri: self.path, method: .post, headers: self.cookie(token, origin: origin))
            #expect(answer.status == .forbidden)
            #expect(try answer.decode(ErrorBody.self).code == "forbidden")
            let harmless = try await client.execute(
                uri: self.path, method: .get, headers: self.cookie(token, origin: origin))
            #expect(harmless.status == .ok)
        }
    }

    @Test func `from a page of the host that was called the cookie is enough`() async throws {
        let token = try self.tokens.token()
        try await application(self.tokens).publicListener.test(.router) { client in
            let answer = try await client.execute(
                uri: self.path, method: .post, headers: self.cookie(token, origin: "http://localhost"))
            #expect(answer.text == "7")
        }
    }

    @Test func `where origins are configured they alone are ours`() async throws {
        let token = try self.tokens.token()
        let environment = ["PUBLIC_ORIGINS": "https://chat.example,https://other.example:8443"]
        try await application(self.tokens, environment).publicListener.test(.router) { client in
            for (origin, status) in [
                ("https://chat.example", HTTPResponse.Status.ok), ("https://other.example:8443", .ok),
                ("http://chat.example", .forbidden), ("http://localhost", .forbidden),
            ] {
                let answer = try await client.execute(
                    uri: self.path, method: .post, headers: self.cookie(token, origin: origin))
                #expect(answer.status == status)
            }
        }
    }

    @Test func `a token that came as cookie is renewed as cookie`() async throws {
        let old = try self.tokens.token()
        self.tokens.time.advance(by: .seconds(7200))
        let new = try self.tokens.token()
        let renewal = TokenRenewal(now: { [time = self.tokens.time] in time.now }) { _ in new }
        try await application(self.tokens, renewal: renewal).publicListener.test(.router) { client in
            let answer = try await client.execute(uri: self.path, method: .get, headers: self.cookie(old))
            #expect(answer.headers[.token] == nil)
            let cookie = try #require(answer.headers[.setCookie])
            #expect(cookie.hasPrefix("token=\(new); Path=/; HttpOnly; SameSite=Strict; Expires="))
            #expect(!cookie.contains("Secure"))
            let bearer = try await client.execute(uri: self.path, method: .get, headers: .bearer(old))
            #expect(bearer.headers[.setCookie] == nil)
            #expect(bearer.headers[.token] == new)
        }
    }

    @Test func `behind TLS the cookie is Secure and a page without TLS is foreign, if a trusted proxy says so`()
        async throws
    {
        let old = try self.tokens.token()
        self.tokens.time.advance(by: .seconds(7200))
        let new = try self.tokens.token()
        for (proxies, isBelieved) in [("127.0.0.0/8", true), ("10.0.0.0/8", false)] {
            let renewal = TokenRenewal(now: { [time = self.tokens.time] in time.now }) { _ in new }
            let behind = application(self.tokens, renewal: renewal, ["TRUSTED_PROXIES": proxies])
            try await behind.publicListener.test(.live) { client in
                let port = try #require(client.port)
                let headers = self.cookie(old, origin: "http://localhost:\(port)").with(.forwardedProto, "https")
                let answer = try await client.execute(uri: self.path, method: .get, headers: headers)
                #expect(answer.headers[.setCookie]?.contains("; Secure") == isBelieved)
            }
        }
    }

    @Test func `the origin of a host is written without its usual port`() {
        let origins = PublicOrigins()
        #expect(origins.allows("https://chat.example", host: "chat.example:443", isSecure: true))
        #expect(origins.allows("http://chat.example", host: "chat.example:80", isSecure: false))
        #expect(origins.allows("https://Chat.example:8443", host: "chat.example:8443", isSecure: true))
        #expect(!origins.allows("http://chat.example", host: "chat.example", isSecure: true))
        #expect(!origins.allows("https://chat.example", host: nil, isSecure: true))
        #expect(!origins.allows("https://chat.example.evil", host: "chat.example", isSecure: true))
    }

    @Test func `expiry in the cookie is the token's own`() throws {
        let cookie = TokenCookie.setting(try self.tokens.token(life: .seconds(60)), secure: true)
        // 1 800 000 060 seconds after 1970.
        #expect(cookie.hasSuffix("; Expires=Fri, 15 Jan 2027 08:01:00 GMT; Secure"))
    }
}
