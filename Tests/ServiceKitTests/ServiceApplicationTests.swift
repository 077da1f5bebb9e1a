import ChatAPI
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import ServiceKit
import Testing

private struct Rename: Codable, Sendable {
    var name: String
    var size: Int?
}

private enum PaintError: String, ServiceError {
    case wet = "paint_wet"
    var status: HTTPResponse.Status { .conflict }
    var message: String { "The paint is wet." }
}

private struct Secret: Error { let password = "hunter2" }

private func application(_ tokens: TestTokens, renewal: TokenRenewal? = nil, logger: Logger = quiet)
    -> ServiceApplication
{
    let application = ServiceApplication(
        CommonConfiguration(testing: .social), tokens: tokens.verifier, renewal: renewal, metrics: PrometheusMetrics(),
        logger: logger)
    application.routes.group("api/social/chatrooms", context: AuthenticatedContext.self)
        .patch(":id") { request, context in
            let id = try context.parameters.require("id", as: ChatroomID.self)
            let body = try await request.decode(as: Rename.self, context: context)
            return Answer(["id": "\(id)", "name": body.name, "user": "\(context.user)"], status: .created)
        }
        .get(":id") { _, _ -> Response in throw PaintError.wet }
    application.routes.get("api/social/broken") { _, _ -> Response in throw Secret() }
    application.routes.get("api/social/plain") { _, context in context.requestID }
    application.internalRoutes.group("internal", context: InternalContext.self)
        .post("echo") { request, context in
            Answer(["caller": context.caller, "name": try await request.decode(as: Rename.self, context: context).name])
        }
        .add(middleware: AllowedCallers(.gateway))
        .get("only-gateway") { _, _ in NoContent() }
    return application
}

@Suite struct ServiceApplicationTests {
    let tokens: TestTokens
    let path = "/api/social/chatrooms/17"

    init() throws { self.tokens = try TestTokens() }

    @Test func `a route gets its user, its parameters and its body`() async throws {
        try await application(self.tokens).publicListener.test(.router) { client in
            let answer = try await client.execute(
                uri: self.path, method: .patch,
                headers: .bearer(try self.tokens.token()).with(.contentType, "application/json"),
                body: ByteBuffer(string: #"{"name":"lobby"}"#))
            #expect(answer.status == .created)
            #expect(try answer.decode() == ["id": "17", "name": "lobby", "user": "7"])
        }
    }

    @Test func `without a valid token a guarded route answers 401`() async throws {
        try await application(self.tokens).publicListener.test(.router) { client in
            for headers in [
                HTTPFields(), .bearer("x.y.z"), .bearer("local-key-of-gateway"), [.authorization: "Basic eDp5"],
            ] {
                let answer = try await client.execute(uri: self.path, method: .get, headers: headers)
                #expect(answer.status == .unauthorized)
                #expect(try answer.decode(ErrorBody.self).code == "unauthenticated")
            }
        }
    }

    @Test func `a refusal has its code, status and sentence`() async throws {
        try await application(self.tokens).publicListener.test(.router) { client in
            let answer = try await client.execute(
                uri: self.path, method: .get, headers: .bearer(try self.tokens.token()))
            #expect(answer.status == .conflict)
            #expect(answer.text == #"{"code":"paint_wet","message":"The paint is wet."}"#)
        }
    }

    @Test func `a failure is a 503 without detail, logged once`() async throws {
        let lines = Box<[String]>([])
        let logger = Logger(label: "social") { label in
            JSONLogHandler(label: label, level: .info) { line in lines.change { $0.append(line) } }
        }
        try await application(self.tokens, logger: logger).publicListener.test(.router) { client in
            let answer = try await client.execute(
                uri: "/api/social/broken", method: .get, headers: [.requestID: "from-outside-1"])
            #expect(answer.status == .serviceUnavailable)
            #expect(answer.headers[.retryAfter] == "1")
            #expect(try answer.decode(ErrorBody.self).code == "unavailable")
            #expect(!answer.text.contains("hunter2"))
        }
        let failures = lines.value.filter { $0.contains("a request failed") }
        #expect(failures.count == 1)
        #expect(failures.first?.contains(#""request":"from-outside-1""#) == true)
    }

    @Test func `an unknown path is 404 and a known one with another method 405, in the same body`() async throws {
        try await application(self.tokens).publicListener.test(.router) { client in
            let unknown = try await client.execute(uri: "/api/social/nothing", method: .get)
            #expect(unknown.status == .notFound)
            #expect(try unknown.decode(ErrorBody.self).code == "not_found")
            for method in [HTTPRequest.Method.post, .put, .delete, .trace, .options] {
                let answer = try await client.execute(uri: "/api/social/chatrooms/17", method: method)
                #expect(answer.status == .methodNotAllowed)
                #expect(answer.headers[.allow] == "GET, HEAD, PATCH")
                #expect(try answer.decode(ErrorBody.self).code == "method_not_allowed")
            }
        }
    }

    @Test func `HEAD answers as GET without the body`() async throws {
        try await application(self.tokens).publicListener.test(.router) { client in
            let answer = try await client.execute(uri: "/api/social/plain", method: .head)
            #expect(answer.status == .ok)
            #expect(answer.body.readableBytes == 0)
            for path in ["broken", "nothing"] {
                let refused = try await client.execute(uri: "/api/social/\(path)", method: .get)
                let head = try await client.execute(uri: "/api/social/\(path)", method: .head)
                #expect(head.status == refused.status)
                #expect(head.headers[.contentLength] == String(refused.body.readableBytes))
                #expect(head.body.readableBytes == 0)
            }
        }
    }

    @Test func `every answer carries a request id, the caller's own where it is well formed`() async throws {
        try await application(self.tokens).publicListener.test(.router) { client in
            let own = try await client.execute(
                uri: "/api/social/plain", method: .get, headers: [.requestID: "req-0123456789"])
            #expect(own.headers[.requestID] == "req-0123456789")
            #expect(own.text == "req-0123456789")
            for bad in ["short", "with space 123", String(repeating: "a", count: 65), #"quote"quote"#] {
                let answer = try await client.execute(uri: "/nowhere", method: .get, headers: [.requestID: bad])
                let id = try #require(answer.headers[.requestID])
                #expect(id != bad)
                #expect(UUID(uuidString: id) != nil)
            }
        }
    }

    @Test func `no answer tells what serves it`() async throws {
        try await application(self.tokens).publicListener.test(.router) { client in
            let answer = try await client.execute(uri: "/api/social/plain", method: .get)
            #expect(answer.headers[.server] == nil)
        }
    }

    @Test(arguments: [
        (#"{"name":1}"#, "name", "has the wrong type"), (#"{}"#, "name", "is missing"),
        (#"{"name":null}"#, "name", "must not be null"), (#"{"name":"a","size":"b"}"#, "size", "has the wrong type"),
        (#"{"name":"a\u0000"}"#, "body", "holds \\u0000"), (#"{"name":"a","name":"b"}"#, "body", "has a key twice"),
        (#"{"name":"\ud800"}"#, "body", "holds half of a surrogate pair"),
        (#"{"name":"a"} x"#, "body", "has bytes after its end"), (#"{"name":NaN}"#, "body", "is not JSON"),
        (#"{"name":"a","size":1e999}"#, "body", "holds a number that is too large"), ("", "body", "is not JSON"),
        ("\u{FEFF}{}", "body", "is not JSON"),
    ]) func `a body that cannot be taken is refused by field`(body: String, field: String, why: String) async throws {
        try await application(self.tokens).publicListener.test(.router) { client in
            let answer = try await client.execute(
                uri: self.path, method: .patch,
                headers: .bearer(try self.tokens.token()).with(.contentType, "application/json"),
                body: ByteBuffer(string: body))
            #expect(answer.status == .badRequest)
            let refusal = try answer.decode(ErrorBody.self)
            #expect(refusal.code == "invalid_request")
            #expect(refusal.fields == [field: why])
        }
    }

    @Test(arguments: [
        HTTPFields(), [.contentType: "application/x-www-form-urlencoded"],
        [.contentType: "application/json; charset=utf-16"],
        [.contentType: "application/json", .contentEncoding: "gzip"], [.contentType: "text/json"],
    ]) func `another type or encoding than plain JSON is 415`(headers: HTTPFields) async throws {
        try await application(self.tokens).publicListener.test(.router) { client in
            let answer = try await client.execute(
                uri: self.path, method: .patch,
                headers: headers.with(.authorization, "Bearer \(try self.tokens.token())"),
                body: ByteBuffer(string: #"{"name":"lobby"}"#))
            #expect(answer.status == .unsupportedMediaType)
            #expect(try answer.decode(ErrorBody.self).code == "unsupported_media_type")
        }
    }

    @Test func `a body over the limit is 413, announced or not`() async throws {
        try await application(self.tokens).publicListener.test(.router) { client in
            let long = ByteBuffer(string: #"{"name":""# + String(repeating: "a", count: 65_536) + #""}"#)
            for length in ["\(long.readableBytes)", nil] {
                var headers = HTTPFields.bearer(try self.tokens.token()).with(.contentType, "application/json")
                headers[.contentLength] = length
                let answer = try await client.execute(uri: self.path, method: .patch, headers: headers, body: long)
                #expect(answer.status == .contentTooLarge)
                #expect(try answer.decode(ErrorBody.self).code == "too_large")
            }
        }
    }

    @Test(arguments: [
        "-1", "0", "9223372036854775808", "9007199254740992", "1e3", "1.5", "1%20OR%201=1", "%00", "%D9%A1", "01",
    ])
    func `O09: an id that is none is refused`(id: String) async throws {
        try await application(self.tokens).publicListener.test(.router) { client in
            let answer = try await client.execute(
                uri: "/api/social/chatrooms/\(id)", method: .patch,
                headers: .bearer(try self.tokens.token()).with(.contentType, "application/json"),
                body: ByteBuffer(string: #"{"name":"lobby"}"#))
            #expect(answer.status == .badRequest)
            #expect(try answer.decode(ErrorBody.self).code == "invalid_request")
        }
    }

    @Test func `H04: at an internal route only the key of a service counts`() async throws {
        let token = try self.tokens.token()
        try await application(self.tokens).internalListener.test(.router) { client in
            for headers in [
                HTTPFields(), .bearer("retired-key"), .bearer(token), .bearer(""), .bearer("local-key-of-gatewa"),
            ] {
                let answer = try await client.execute(
                    uri: "/internal/echo", method: .post, headers: headers.with(.contentType, "application/json"),
                    body: ByteBuffer(string: #"{"name":"a"}"#))
                #expect(answer.status == .unauthorized)
            }
            let good = try await client.execute(
                uri: "/internal/echo", method: .post,
                headers: .bearer("local-key-of-history").with(.contentType, "application/json"),
                body: ByteBuffer(string: #"{"name":"a"}"#))
            #expect(try good.decode() == ["caller": "history", "name": "a"])
        }
    }

    @Test func `H04: a route for one service refuses the key of another`() async throws {
        try await application(self.tokens).internalListener.test(.router) { client in
            let other = try await client.execute(
                uri: "/internal/only-gateway", method: .get, headers: .bearer("local-key-of-history"))
            #expect(other.status == .unauthorized)
            let good = try await client.execute(
                uri: "/internal/only-gateway", method: .get, headers: .bearer("local-key-of-gateway"))
            #expect(good.status == .noContent)
        }
    }

    @Test func `health needs no key, and ready says only whether every condition holds`() async throws {
        let holds = Box(false)
        let application = application(self.tokens)
        application.readyWhen("database") { holds.value }
        try await application.internalListener.test(.router) { client in
            #expect(try await client.execute(uri: "/health", method: .get).status == .ok)
            let lacking = try await client.execute(uri: "/ready", method: .get)
            #expect(lacking.status == .serviceUnavailable)
            #expect(lacking.text == #"{"status":"not ready"}"#)
            holds.change { $0 = true }
            #expect(try await client.execute(uri: "/ready", method: .get).status == .ok)
        }
    }

    @Test func `a service is not ready before it knows whom to trust`() async throws {
        let application = ServiceApplication(
            CommonConfiguration(testing: .social), tokens: TokenVerifier(), metrics: PrometheusMetrics(), logger: quiet)
        try await application.internalListener.test(.router) { client in
            let answer = try await client.execute(uri: "/ready", method: .get)
            #expect(answer.status == .serviceUnavailable)
        }
    }

    @Test func `metrics need a key, and count requests by route`() async throws {
        let application = application(self.tokens)
        try await application.publicListener.test(.router) { client in
            _ = try await client.execute(uri: "/api/social/chatrooms/5", method: .get)
        }
        try await application.internalListener.test(.router) { client in
            #expect(try await client.execute(uri: "/metrics", method: .get).status == .unauthorized)
            let answer = try await client.execute(
                uri: "/metrics", method: .get, headers: .bearer("local-key-of-operator"))
            #expect(answer.status == .ok)
            #expect(
                answer.text.contains(
                    #"http_request_duration_seconds_count{method="GET",route="/api/social/chatrooms/{id}",status="401"} 1"#
                ))
            for line in [
                "# TYPE service_ready gauge", #"service_ready{condition="tokens"} 1"#,
                "# TYPE process_cpu_seconds_total counter",
                "# TYPE process_resident_memory_bytes gauge", "# TYPE process_open_fds gauge",
                "# TYPE process_max_fds gauge", "# TYPE process_start_time_seconds gauge",
            ] {
                #expect(answer.text.contains(line + "\n"))
            }
        }
    }

    @Test func `the operators' key opens nothing of the services`() async throws {
        try await application(self.tokens).internalListener.test(.router) { client in
            let body = ByteBuffer(string: #"{"name":"lobby"}"#)
            let answer = try await client.execute(
                uri: "/internal/echo", method: .post, headers: .bearer("local-key-of-operator"), body: body)
            #expect(answer.status == .unauthorized)
        }
    }

    @Test func `a request that takes too long is answered with 503, and its work cancelled`() async throws {
        let cancelled = Box(false)
        let application = ServiceApplication(
            CommonConfiguration(testing: .social), tokens: self.tokens.verifier, requestTimeout: { _ in .zero },
            metrics: PrometheusMetrics(), logger: quiet)
        application.routes.get("slow") { _, _ -> Response in
            // Ends only by being cancelled.
            let never = AsyncStream<Void> { _ in }
            for await _ in never {}
            cancelled.change { $0 = Task.isCancelled }
            throw CancellationError()
        }
        try await application.publicListener.test(.router) { client in
            let answer = try await client.execute(uri: "/slow", method: .get)
            #expect(answer.status == .serviceUnavailable)
        }
        #expect(cancelled.value)
    }
}

@Suite struct TokenRenewalTests {
    private struct Down: Error {}

    private func answer(age: Duration, renew: @escaping @Sendable (String) async throws -> String?) async throws
        -> TestResponse
    {
        let tokens = try TestTokens()
        let token = try tokens.token()
        tokens.time.advance(by: age)
        let renewal = TokenRenewal(now: { tokens.time.now }, renew: renew)
        return try await application(tokens, renewal: renewal).publicListener.test(.router) { client in
            try await client.execute(uri: "/api/social/chatrooms/17", method: .get, headers: .bearer(token))
        }
    }

    @Test func `a token older than an hour is renewed in the answer, also in a refusal`() async throws {
        let answer = try await self.answer(age: .seconds(3601)) { _ in "new" }
        #expect(answer.status == .conflict)
        #expect(answer.headers[.token] == "new")
    }

    @Test func `a younger one is not`() async throws {
        let answer = try await self.answer(age: .seconds(3599)) { _ in "new" }
        #expect(answer.headers[.token] == nil)
    }

    @Test func `an answer is given also where renewing fails or is refused`() async throws {
        #expect(try await self.answer(age: .seconds(7200)) { _ in nil }.status == .conflict)
        #expect(try await self.answer(age: .seconds(7200)) { _ in throw Down() }.status == .conflict)
    }
}
