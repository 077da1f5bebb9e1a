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

/// The outermost layer: gives the request its id, measures it, logs it, and puts the id into the answer.
struct RequestMiddleware: RouterMiddleware {
    typealias Context = ServiceContext
    let proxies: TrustedProxies
    let metrics: any MetricsFactory

    func handle(
        _ request: Request, context: ServiceContext, next: (Request, ServiceContext) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        let scope = RequestScope(requestID: request.headers[.requestID], traceparent: request.headers[.traceparent])
        var context = context
        context.requestID = scope.requestID
        context.logger[metadataKey: "hb.request.id"] = nil
        context.logger[metadataKey: "request"] = .string(scope.requestID)
        context.clientAddress = self.proxies.client(
            peer: context.peer?.ipAddress ?? "", forwardedFor: request.headers[.forwardedFor])
        context.isSecure = self.proxies.isSecure(
            peer: context.peer?.ipAddress ?? "", forwardedProto: request.headers[.forwardedProto])
        var response = try await RequestScope.$current.withValue(scope) { try await next(request, context) }
        response.headers[.requestID] = scope.requestID
        self.record(request, response, context, ContinuousClock.now - start)
        return response
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
