import HTTPTypes
import Hummingbird
import Logging

/// On the public listener: checks the access token, where one is presented. Whether one is needed is the route's context
/// to say (``AuthenticatedContext``).
///
/// With both carriers the header counts. A cookie comes along whoever makes the browser call, so it vouches for what
/// changes something only where the page is one of ours.
struct AuthenticationMiddleware: RouterMiddleware {
    typealias Context = ServiceContext
    let tokens: TokenVerifier
    let origins: PublicOrigins

    func handle(
        _ request: Request, context: ServiceContext, next: (Request, ServiceContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        if let (token, carrier) = self.token(of: request), let claims = try? self.tokens.verify(token) {
            guard carrier == .header || self.isHarmless(request, context) else { throw RequestError.forbidden }
            context.credentials = Credentials(
                user: claims.user, session: claims.session, token: token, carrier: carrier, issuedAt: claims.issuedAt,
                expiresAt: claims.expiresAt)
            context.logger[metadataKey: "user"] = .stringConvertible(claims.user)
        }
        return try await next(request, context)
    }

    private func token(of request: Request) -> (String, Credentials.Carrier)? {
        if request.headers[.authorization] != nil { return request.bearer.map { ($0, .header) } }
        return TokenCookie.token(in: request.headers[values: .cookie]).map { ($0, .cookie) }
    }

    private func isHarmless(_ request: Request, _ context: ServiceContext) -> Bool {
        let safe: [HTTPRequest.Method] = [.get, .head, .options]
        if safe.contains(request.method) { return true }
        let origins = request.headers[values: .origin]
        return origins.count == 1
            && self.origins.allows(origins[0], host: request.head.authority, isSecure: context.isSecure)
    }
}
