import ChatAPI
import Hummingbird
import ServiceKit

/// The profile of the user who calls, under `/api/auth`.
struct MeRoutes: Sendable {
    let accounts: AccountStore

    var routes: RouteCollection<AuthenticatedContext> {
        RouteCollection(context: AuthenticatedContext.self)
            .get("me", use: self.get)
            .patch("me", use: self.update)
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
}
