import ChatAPI
import Hummingbird
import ServiceKit

/// The profile of the user who calls, under `/api/auth`.
struct MeRoutes: Sendable {
    let accounts: AccountStore
    let deletion: Deletion
    let verifier: TokenVerifier

    var routes: RouteCollection<AuthenticatedContext> {
        RouteCollection(context: AuthenticatedContext.self)
            .get("me", use: self.get)
            .patch("me", use: self.update)
            .delete("me", use: self.delete)
    }

    /// `GET /me` → 200 and the account.
    func get(request: Request, context: AuthenticatedContext) async throws -> Answer<Account> {
        Answer(try await self.accounts.account(context.user))
    }

    /// `PATCH /me` `{nickname?, avatar?, bio?}` → 200 and the account as it is then.
    func update(request: Request, context: AuthenticatedContext) async throws -> Answer<Account> {
        let change = try await request.decode(as: ProfileChange.self, context: context)
        let problems = change.problems
        guard problems.isEmpty else { throw RequestError.invalid(fields: problems) }
        return Answer(try await self.accounts.update(context.user, with: change))
    }

    struct Leave: Decodable {
        let password: Password
    }

    /// `DELETE /me` → 204, and the cookie is gone. Every session is over; friends and groups hear it within a second.
    ///
    /// - Throws: ``AuthError/wrongPassword`` (403), ``RequestError/tooManyRequests(retryAfter:)`` (429).
    func delete(request: Request, context: AuthenticatedContext) async throws -> NoContent {
        let body = try await request.decode(as: Leave.self, context: context)
        let revoked = try await self.deletion.delete(
            context.user, password: body.password, session: context.session, address: context.clientAddress)
        for session in revoked { self.verifier.revoke(session) }
        return NoContent(headers: [.setCookie: TokenCookie.clearing(secure: context.isSecure)])
    }
}
