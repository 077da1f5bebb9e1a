import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Metrics

extension HTTPField.Name {
    package static let requestID = named("x-request-id")
    package static let forwardedProto = named("x-forwarded-proto")
    package static let forwardedFor = named("x-forwarded-for")
    /// Carries a renewed access token in an answer.
    package static let token = named("token")

    private static func named(_ name: String) -> Self {
        guard let field = Self(name) else { preconditionFailure("\(name) is the name of a header") }
        return field
    }
}

/// The outermost layer: gives the request its id and its place in a trace, measures it, logs it, and puts the id into the
/// answer.
struct RequestMiddleware: RouterMiddleware {
    typealias Context = ServiceContext
    let proxies: TrustedProxies
    let metrics: any MetricsFactory
    /// `nil`: a trace that comes along is passed on, and no more.
    let tracer: Tracer?
    /// Whether traces begin here. Of what comes to an internal listener, most is asked again and again by nobody's wish.
    let beginsTraces: Bool

    func handle(
        _ request: Request, context: ServiceContext, next: (Request, ServiceContext) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        let incoming = request.headers[.traceparent].flatMap { TraceContext($0) }
        var span = self.span(of: incoming, method: request.method.rawValue)
        let scope = RequestScope(requestID: request.headers[.requestID], trace: span?.context ?? incoming)
        var context = context
        context.requestID = scope.requestID
        context.logger[metadataKey: "hb.request.id"] = nil
        context.logger[metadataKey: "request"] = .string(scope.requestID)
        if let trace = scope.trace?.trace { context.logger[metadataKey: "trace"] = .stringConvertible(trace) }
        context.clientAddress = self.proxies.client(
            peer: context.peer?.ipAddress ?? "", forwardedFor: request.headers[.forwardedFor])
        context.isSecure = self.proxies.isSecure(
            peer: context.peer?.ipAddress ?? "", forwardedProto: request.headers[.forwardedProto])
        var response = try await RequestScope.$current.withValue(scope) { try await next(request, context) }
        response.headers[.requestID] = scope.requestID
        self.record(request, response, context, ContinuousClock.now - start)
        if span?.context.isSampled == true, let tracer = self.tracer {
            let route = context.endpointPath ?? "none"
            span?.finish(
                name: "\(request.method) \(route)", isError: response.status.code >= 500,
                [
                    ("http.request.method", .text(request.method.rawValue)), ("http.route", .text(route)),
                    ("http.response.status_code", .number(response.status.code)),
                    ("teahouse.request_id", .text(scope.requestID)),
                ])
            if let span { tracer.record(span) }
        }
        return response
    }

    private func span(of incoming: TraceContext?, method: String) -> Span? {
        guard let tracer = self.tracer else { return nil }
        if self.beginsTraces {
            let (context, parent) = tracer.enter(incoming)
            return Span(context, parent: parent, kind: .server, name: method)
        }
        return incoming.map { Span(tracer.child(of: $0), parent: $0.span, kind: .server, name: method) }
    }

    private func record(_ request: Request, _ response: Response, _ context: ServiceContext, _ duration: Duration) {
        // The route's pattern, never the path: paths are without number, and a metric's labels must not be.
        let route = context.endpointPath ?? "none"
        Timer(
            label: "http_request_duration",
            dimensions: [
                ("method", request.method.rawValue), ("route", route), ("status", String(response.status.code)),
            ], factory: self.metrics
        ).recordNanoseconds(Int64(duration / .nanoseconds(1)))
        context.logger.debug(
            "a request was answered",
            metadata: [
                "method": "\(request.method)", "route": "\(route)", "status": "\(response.status.code)",
                "milliseconds": "\((duration / .milliseconds(1)).rounded())",
            ])
    }
}
