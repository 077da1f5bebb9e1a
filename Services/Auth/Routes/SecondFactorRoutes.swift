import ChatAPI
import Hummingbird
import ServiceKit

/// The second factor of the user who calls, under `/api/auth`.
struct SecondFactorRoutes: Sendable {
    let factors: SecondFactors

    var routes: RouteCollection<AuthenticatedContext> {
        RouteCollection(context: AuthenticatedContext.self)
            .get("me/totp", use: self.get)
            .post("me/totp", use: self.begin)
            .post("me/totp/confirm", use: self.confirm)
            .delete("me/totp", use: self.remove)
    }

    struct Status: Codable, Sendable {
        let active: Bool
    }

    /// `GET /me/totp` → 200, whether signing in takes a second factor.
    func get(request: Request, context: AuthenticatedContext) async throws -> Answer<Status> {
        Answer(Status(active: try await self.factors.isActive(for: context.user)))
    }

    struct Begin: Decodable {
        let password: Password
    }

    /// `POST /me/totp` → 200, the secret and the recovery codes, this once. It counts when it is confirmed.
    ///
    /// - Throws: ``AuthError/wrongPassword`` (403), ``AuthError/totpActive`` (409).
    func begin(request: Request, context: AuthenticatedContext) async throws -> Answer<SecondFactors.Setup> {
        let body = try await request.decode(as: Begin.self, context: context)
        return Answer(
            try await self.factors.begin(for: context.user, password: body.password, address: context.clientAddress))
    }

    struct Confirm: Decodable {
        let code: String
    }

    /// `POST /me/totp/confirm` → 204: from now on signing in takes a code.
    ///
    /// - Throws: ``AuthError/invalidCode`` (400), ``AuthError/totpActive`` (409).
    func confirm(request: Request, context: AuthenticatedContext) async throws -> NoContent {
        let body = try await request.decode(as: Confirm.self, context: context)
        try await self.factors.confirm(
            body.code, of: context.user, session: context.session, address: context.clientAddress)
        return NoContent()
    }

    struct Removal: Decodable {
        let password: Password
        let totp: String
    }

    /// `DELETE /me/totp` → 204.
    ///
    /// - Throws: ``AuthError/wrongPassword`` (403), ``AuthError/invalidCode`` (400).
    func remove(request: Request, context: AuthenticatedContext) async throws -> NoContent {
        let body = try await request.decode(as: Removal.self, context: context)
        try await self.factors.remove(
            of: context.user, password: body.password, code: body.totp, session: context.session,
            address: context.clientAddress)
        return NoContent()
    }
}
