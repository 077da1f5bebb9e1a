import AsyncHTTPClient
import Foundation
import Logging
import Metrics
import NIOCore
import NIOHTTP1
import ServiceLifecycle
import Synchronization

/// Where spans go, and how many: `OTEL_EXPORTER_OTLP_ENDPOINT` and what belongs to it, by OpenTelemetry's names.
package struct TracingConfiguration: Sendable {
    /// The collector's, without `/v1/traces`.
    package var endpoint: String
    package var headers: [(name: String, value: String)] = []
    /// Of the traces that begin here, so many are recorded: 1 is all.
    package var ratio = 1.0

    package init(endpoint: String) { self.endpoint = endpoint }

    /// `nil` where no collector is named.
    init?(_ keys: ConfigurationKeys) {
        let endpoint = keys.optionalText(
            "OTEL_EXPORTER_OTLP_ENDPOINT", "a collector of traces, http://host:4318; none: no spans are made")
        let headers = keys.optionalText(
            "OTEL_EXPORTER_OTLP_HEADERS", "headers for the collector, as name=value,…; they may hold a secret")
        self.ratio = keys.fraction(
            "OTEL_TRACES_SAMPLER_ARG", default: 1, "how many of the traces that begin here are recorded; 1: all")
        guard let endpoint else { return nil }
        self.endpoint = endpoint.hasSuffix("/") ? String(endpoint.dropLast()) : endpoint
        if URL(string: endpoint)?.host() == nil || !endpoint.hasPrefix("http") {
            keys.problem("OTEL_EXPORTER_OTLP_ENDPOINT", "is not a URL")
        }
        for pair in (headers ?? "").split(separator: ",") {
            let parts = pair.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            guard parts.count == 2 else {
                keys.problem("OTEL_EXPORTER_OTLP_HEADERS", "is not valid; it takes name=value,…")
                continue
            }
            self.headers.append((parts[0], parts[1]))
        }
    }
}

/// Makes spans, and hands them to the collector in batches (OTLP over HTTP, as JSON).
///
/// Nobody waits for it: spans that find its queue full, and those of a call that the collector does not take, are dropped
/// and counted. A `final class` with a `Mutex`: requests end on many threads, one task sends.
package final class Tracer: Service {
    /// The process's; `nil` where nothing is traced. Set once, before anything is made that traces.
    package static var shared: Tracer? {
        get { self.sharedTracer.withLock { $0 } }
        set { self.sharedTracer.withLock { $0 = newValue } }
    }
    private static let sharedTracer = Mutex<Tracer?>(nil)

    static let maxWaiting = 4_096
    private static let maxBatch = 512
    private static let interval = Duration.seconds(1)
    private static let patience = TimeAmount.seconds(3)

    private let configuration: TracingConfiguration
    private let resource: OTLP.Resource
    private let logger: Logger
    private let waiting = Mutex<[Span]>([])
    private let isAway = Atomic<Bool>(false)
    private let exported: Counter
    private let dropped: Counter

    package init(
        _ configuration: TracingConfiguration, service: String, instance: String, metrics: any MetricsFactory,
        logger: Logger
    ) {
        self.configuration = configuration
        self.resource = OTLP.Resource(service: service, instance: instance)
        self.logger = logger
        self.exported = Counter(label: "trace_spans_exported", factory: metrics)
        self.dropped = Counter(label: "trace_spans_dropped", factory: metrics)
    }

    /// What a request of the public listener is part of. A client may name a trace; whether it is recorded is not its
    /// to say: the same share of theirs is as of our own, in every service the same ones.
    func enter(_ incoming: TraceContext?) -> (context: TraceContext, parent: TraceContext.SpanID?) {
        guard let incoming else { return (.root(isSampled: self.isSampled), nil) }
        return (
            TraceContext(trace: incoming.trace, span: .random(), isSampled: self.isSampled(incoming.trace)),
            incoming.span
        )
    }

    /// What is done inside of something else: recorded where that is.
    func child(of parent: TraceContext) -> TraceContext {
        TraceContext(trace: parent.trace, span: .random(), isSampled: parent.isSampled)
    }

    /// What nobody's request has caused.
    func root() -> TraceContext { .root(isSampled: self.isSampled) }

    func record(_ span: Span) {
        let isFull = self.waiting.withLock { waiting in
            if waiting.count < Self.maxWaiting { waiting.append(span) } else { return true }
            return false
        }
        if isFull { self.dropped.increment() }
    }

    package func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try await Task.sleep(for: Self.interval)
                await self.flush()
            }
        }
        // What the last second has left.
        await self.flush()
    }

    /// Sends what waits, for as long as the collector takes it.
    func flush() async {
        while true {
            let batch = self.waiting.withLock { waiting in
                let batch = Array(waiting.prefix(Self.maxBatch))
                waiting.removeFirst(batch.count)
                return batch
            }
            guard !batch.isEmpty else { return }
            do {
                try await self.send(OTLP.encode(batch, of: self.resource))
                self.exported.increment(by: batch.count)
                self.isAway.store(false, ordering: .relaxed)
            } catch {
                self.dropped.increment(by: batch.count)
                // Once, and not every second for as long as it is away.
                if !self.isAway.exchange(true, ordering: .relaxed) {
                    self.logger.warning("the collector of traces takes nothing", metadata: ["error": "\(error)"])
                }
                return
            }
        }
    }

    private func send(_ body: ByteBuffer) async throws {
        var request = HTTPClientRequest(url: self.configuration.endpoint + "/v1/traces")
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        for header in self.configuration.headers { request.headers.add(name: header.name, value: header.value) }
        request.body = .bytes(body)
        let answer = try await HTTPClient.shared.execute(request, deadline: .now() + Self.patience, logger: nil)
        _ = try await answer.body.collect(upTo: 1 << 20)
        guard (200..<300).contains(answer.status.code) else {
            throw ServiceUnavailable(service: "collector", reason: "status \(answer.status.code)")
        }
    }

    /// By the trace's own bits, so that every service decides the same (as OpenTelemetry's `TraceIdRatioBased`).
    private func isSampled(_ trace: TraceContext.TraceID) -> Bool {
        Double(trace.low >> 11) < self.configuration.ratio * Double(1 << 53)
    }
}
