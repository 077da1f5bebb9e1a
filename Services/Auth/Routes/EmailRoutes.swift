import ChatAPI
import Hummingbird
import ServiceKit

/// The address of the user who calls, under `/api/auth`.
struct EmailRoutes: Sendable {
    let change: EmailChange

    var routes: RouteCollection<AuthenticatedContext> {
        RouteCollection(context: AuthenticatedContext.self).put("me/email", use: self.replace)
    }

    struct Replace: Decodable {
        let email: String
        let code: String
        let password: Password
    }

    /// `PUT /me/email` → 200 and the account with its new address.
    ///
    /// - Throws: ``AuthError/wrongPassword`` (403), ``AuthError/invalidCode`` (400), ``AuthError/emailTaken`` (409).
    func replace(request: Request, context: AuthenticatedContext) async throws -> Answer<Account> {
        let body = try await request.decode(as: Replace.self, context: context)
        let account = try await self.change.change(
            of: context.user, to: try EmailAddress.checked(body.email), code: body.code, password: body.password,
            session: context.session, address: context.clientAddress)
        return Answer(account)
    }
}
