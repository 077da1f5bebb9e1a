import ChatAPI
import Hummingbird
import ServiceKit

/// The password of the user who calls, under `/api/auth`.
struct PasswordRoutes: Sendable {
    let change: PasswordChange
    let verifier: TokenVerifier

    var routes: RouteCollection<AuthenticatedContext> {
        RouteCollection(context: AuthenticatedContext.self).put("me/password", use: self.replace)
    }

    struct Replace: Decodable {
        let currentPassword: Password
        let newPassword: Password
    }

    /// `PUT /me/password` → 204. Every other session is over, here at once and everywhere else within a second.
    ///
    /// - Throws: ``AuthError/wrongPassword`` (403), ``RequestError/tooManyRequests(retryAfter:)`` (429).
    func replace(request: Request, context: AuthenticatedContext) async throws -> NoContent {
        let body = try await request.decode(as: Replace.self, context: context)
        let revoked = try await self.change.change(
            of: context.user, keeping: context.session, from: body.currentPassword, to: body.newPassword,
            address: context.clientAddress)
        for session in revoked { self.verifier.revoke(session) }
        return NoContent()
    }
}
