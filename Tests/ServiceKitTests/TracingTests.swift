import ChatAPI
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import Metrics
import NIOCore
import Testing

@testable import ServiceKit

private let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

struct TraceContextTests {
    @Test func `a traceparent is read and written`() throws {
        let context = try #require(TraceContext(parent))
        #expect(context.trace.description == "0af7651916cd43dd8448eb211c80319c")
        #expect(context.span.description == "b7ad6b7169203331")
        #expect(context.isSampled)
        #expect(context.traceparent == parent)
        #expect(TraceContext(parent.dropLast(2) + "00")?.isSampled == false)
        // A later version, with what we do not know behind it.
        #expect(TraceContext("cc" + parent.dropFirst(2) + "-what-the-future-brings") != nil)
    }

    @Test(arguments: [
        "", "00", "ff" + parent.dropFirst(2), parent + "-x", parent.uppercased(), parent + "0",
        String(parent.dropLast()),
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0af7651916cd43dd8448eb211c80319g-b7ad6b7169203331-01", "cc" + parent.dropFirst(2) + "x",
        "00 0af7651916cd43dd8448eb211c80319c b7ad6b7169203331 01", String(repeating: "é", count: 55),
    ]) func `what is no traceparent is none`(_ text: String) { #expect(TraceContext(text) == nil) }
}

/// Where spans go in a test.
private final class Collector: Sendable {
    struct Span: Decodable, Sendable {
        struct Attribute: Decodable, Sendable {
            struct Value: Decodable, Sendable {
                var stringValue: String?
                var intValue: String?
            }
            var key: String
            var value: Value
        }
        struct Status: Decodable, Sendable { var code: Int }
        var traceId: String
        var spanId: String
        var parentSpanId: String?
        var name: String
        var kind: Int
        var startTimeUnixNano: String
        var endTimeUnixNano: String
        var attributes: [Attribute]
        var status: Status?
    }

    private struct Export: Decodable {
        struct Resource: Decodable {
            struct Scope: Decodable { var spans: [Span] }
            var scopeSpans: [Scope]
        }
        var resourceSpans: [Resource]
    }

    let spans = Box<[Span]>([])
    let headers = Box<[HTTPFields]>([])

    var application: some ApplicationProtocol {
        let router = Router()
        router.post("v1/traces") { [spans, headers] request, _ in
            let body = try await request.body.collect(upTo: 1 << 20)
            let export = try JSONDecoder().decode(Export.self, from: Data(body.readableBytesView))
            spans.change { $0 += export.resourceSpans.flatMap { $0.scopeSpans.flatMap(\.spans) } }
            headers.change { $0.append(request.headers) }
            return "{}"
        }
        return Application(router: router, logger: quiet)
    }
}

struct TracingTests {
    private let tokens: TestTokens

    init() throws { self.tokens = try TestTokens() }

    private func tracer(_ port: Int, ratio: Double = 1, metrics: PrometheusMetrics = PrometheusMetrics()) -> Tracer {
        var configuration = TracingConfiguration(endpoint: "http://127.0.0.1:\(port)")
        configuration.ratio = ratio
        configuration.headers = [("x-key", "of-the-collector")]
        return Tracer(configuration, service: "social", instance: "here", metrics: metrics, logger: quiet)
    }

    private func service(_ tracer: Tracer?, logger: Logger = quiet) -> ServiceApplication {
        let application = ServiceApplication(
            CommonConfiguration(testing: .social), tokens: self.tokens.verifier, metrics: PrometheusMetrics(),
            tracer: tracer, logger: logger)
        application.internalRoutes.group("internal", context: InternalContext.self).get("leaf") { _, _ in NoContent() }
        return application
    }

    /// A service whose public route asks another, which is an internal listener on a port of its own.
    private func call(
        _ path: String, _ tracer: Tracer?, headers: HTTPFields = [:], logger: Logger = quiet
    ) async throws {
        try await self.service(tracer).internalListener.test(.live) { other in
            let url = "http://127.0.0.1:\(try #require(other.port))"
            let client = ServiceClient(
                service: "social", urls: [url], key: "local-key-of-gateway", tracer: tracer, logger: quiet)
            let application = self.service(tracer, logger: logger)
            application.routes.get("api/social/asks") { _, _ in
                let _: Nothing = try await client.call(.get, "/internal/leaf")
                return NoContent()
            }
            application.routes.get("api/social/fails") { _, _ -> Response in
                throw ServiceUnavailable(service: "x", reason: "down")
            }
            try await application.publicListener.test(.router) { edge in
                _ = try await edge.execute(uri: path, method: .get, headers: headers)
            }
        }
    }

    @Test func `a request and the calls it makes are spans of one trace`() async throws {
        let collector = Collector()
        try await collector.application.test(.live) { port in
            let tracer = self.tracer(try #require(port.port))
            let traceparent = try #require(HTTPField.Name("traceparent"))
            try await self.call("/api/social/asks", tracer, headers: [traceparent: parent])
            await tracer.flush()
        }
        let spans = collector.spans.value
        let edge = try #require(spans.first { $0.name == "GET /api/social/asks" })
        let call = try #require(spans.first { $0.kind == 3 })
        let leaf = try #require(spans.first { $0.kind == 2 && $0.spanId != edge.spanId })
        #expect(spans.count == 3)
        #expect(Set(spans.map(\.traceId)) == ["0af7651916cd43dd8448eb211c80319c"])
        #expect(edge.parentSpanId == "b7ad6b7169203331")
        #expect(call.parentSpanId == edge.spanId)
        #expect(leaf.parentSpanId == call.spanId)
        #expect(edge.attributes.first { $0.key == "http.response.status_code" }?.value.intValue == "204")
        #expect(edge.status == nil)
        for span in spans {
            let (start, end) = (UInt64(span.startTimeUnixNano), UInt64(span.endTimeUnixNano))
            #expect(start.flatMap { start in end.map { start <= $0 } } == true)
        }
        let key = try #require(HTTPField.Name("x-key"))
        #expect(collector.headers.value.allSatisfy { $0[key] == "of-the-collector" })
    }

    @Test func `a failure is a span that says so`() async throws {
        let collector = Collector()
        try await collector.application.test(.live) { port in
            let tracer = self.tracer(try #require(port.port))
            try await self.call("/api/social/fails", tracer)
            await tracer.flush()
        }
        let span = try #require(collector.spans.value.first)
        #expect(span.status?.code == 2)
        #expect(span.parentSpanId == nil)
    }

    @Test func `how many traces are recorded is not for a client to say`() async throws {
        let collector = Collector()
        try await collector.application.test(.live) { port in
            let tracer = self.tracer(try #require(port.port), ratio: 0)
            let traceparent = try #require(HTTPField.Name("traceparent"))
            try await self.call("/api/social/asks", tracer, headers: [traceparent: parent])
            try await self.call("/api/social/asks", tracer)
            await tracer.flush()
        }
        #expect(collector.spans.value.isEmpty)
    }

    @Test func `while the collector is away spans are dropped and counted, and their number is bounded`() async throws {
        let metrics = PrometheusMetrics()
        // Nobody listens on the port of discard.
        let tracer = self.tracer(9, metrics: metrics)
        try await self.call("/api/social/asks", tracer)
        await tracer.flush()
        #expect(metrics.text.contains("trace_spans_dropped_total 3"))
        for _ in 0..<Tracer.maxWaiting + 5 {
            tracer.record(Span(tracer.root(), parent: nil, kind: .client, name: "x"))
        }
        #expect(metrics.text.contains("trace_spans_dropped_total 8"))
    }

    @Test func `lines of the log bear the trace that a request came with`() async throws {
        let lines = Box<[String]>([])
        let logger = Logger(label: "social") { label in
            JSONLogHandler(label: label, level: .debug) { line in lines.change { $0.append(line) } }
        }
        let traceparent = try #require(HTTPField.Name("traceparent"))
        try await self.call("/api/social/asks", nil, headers: [traceparent: parent], logger: logger)
        let answered = lines.value.filter { $0.contains("a request was answered") }
        #expect(answered.contains { $0.contains(#""trace":"0af7651916cd43dd8448eb211c80319c""#) })
    }
}
