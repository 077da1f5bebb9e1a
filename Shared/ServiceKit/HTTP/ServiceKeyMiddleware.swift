import HTTPTypes
import Hummingbird

/// On the internal listener: finds out whose key was presented. Whether one is needed is the route's context to say. The
/// operators' opens `/metrics` and nothing else.
struct ServiceKeyMiddleware: RouterMiddleware {
    typealias Context = ServiceContext
    let keys: ServiceKeys

    func handle(
        _ request: Request, context: ServiceContext, next: (Request, ServiceContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        let caller = request.bearer.flatMap { self.keys.caller(presenting: $0) }
        context.caller = caller == ServiceKeys.operator && request.uri.path != OperatorRoutes.metricsPath ? nil : caller
        return try await next(request, context)
    }
}

/// Lets only some services through: `group.add(middleware: AllowedCallers(.gateway, .history))`. Any other gets 401.
package struct AllowedCallers: RouterMiddleware {
    package typealias Context = InternalContext
    private let callers: Set<String>

    package init(_ callers: ServiceName...) { self.callers = Set(callers.map(\.rawValue)) }

    package func handle(
        _ request: Request, context: InternalContext, next: (Request, InternalContext) async throws -> Response
    ) async throws -> Response {
        guard self.callers.contains(context.caller) else { throw RequestError.unauthenticated }
        return try await next(request, context)
    }
}

/// Another limit on bodies than the usual 64 KiB, for the routes of a group.
package struct BodyLimit: RouterMiddleware {
    package typealias Context = AuthenticatedContext
    private let bytes: Int

    package init(_ bytes: Int) { self.bytes = bytes }

    package func handle(
        _ request: Request, context: AuthenticatedContext,
        next: (Request, AuthenticatedContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.bodyLimit = self.bytes
        return try await next(request, context)
    }
}

extension Request {
    /// What stands behind `Authorization: Bearer`; `nil` also where the header is given twice.
    package var bearer: String? {
        let values = self.headers[values: .authorization]
        guard values.count == 1, values[0].utf8.count > 7, values[0].prefix(7).lowercased() == "bearer " else {
            return nil
        }
        return String(values[0].dropFirst(7))
    }
}
