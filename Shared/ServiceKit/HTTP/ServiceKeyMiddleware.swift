import HTTPTypes
import Hummingbird

/// On the internal listener: finds out whose key was presented. Whether one is needed, and whose, is the route's context to
/// say.
struct ServiceKeyMiddleware: RouterMiddleware {
    typealias Context = ServiceContext
    let keys: ServiceKeys

    func handle(
        _ request: Request, context: ServiceContext, next: (Request, ServiceContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.caller = request.bearer.flatMap { self.keys.caller(presenting: $0) }
        context.operatorName = request.operatorName
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
    /// The header `x-operator`, if it is a name: 1 to 64 of printable ASCII.
    fileprivate var operatorName: String? {
        guard let name = HTTPField.Name("x-operator").flatMap({ self.headers[$0] }), (1...64).contains(name.utf8.count),
            name.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        return name
    }

    /// What stands behind `Authorization: Bearer`; `nil` also where the header is given twice.
    package var bearer: String? {
        let values = self.headers[values: .authorization]
        guard values.count == 1, values[0].utf8.count > 7, values[0].prefix(7).lowercased() == "bearer " else {
            return nil
        }
        return String(values[0].dropFirst(7))
    }
}
