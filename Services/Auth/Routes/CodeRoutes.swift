import ChatAPI
import Hummingbird
import ServiceKit

/// Codes by mail and what they are good for without a token, under `/api/auth`.
struct CodeRoutes: Sendable {
    let codes: Codes
    let reset: PasswordReset
    let verifier: TokenVerifier

    var routes: RouteCollection<ServiceContext> {
        RouteCollection(context: ServiceContext.self)
            .post("codes", use: self.send)
            .post("password-reset", use: self.resetPassword)
    }

    struct Send: Decodable {
        let email: String
        let purpose: CodeSubject.Purpose
    }

    /// `POST /codes` → 202, the same for an address that is known and for one that is not.
    ///
    /// - Throws: ``RequestError/unauthenticated`` (401) for `changeEmail` without a token;
    ///   ``RequestError/tooManyRequests(retryAfter:)`` (429); ``AuthError/mailOff`` (501).
    func send(request: Request, context: ServiceContext) async throws -> Accepted {
        let body = try await request.decode(as: Send.self, context: context)
        let address = try EmailAddress.checked(body.email)
        if body.purpose == .changeEmail, context.credentials == nil { throw RequestError.unauthenticated }
        try await self.codes.send(
            body.purpose, to: address, for: context.credentials?.user, source: context.clientAddress)
        return Accepted()
    }

    struct Reset: Decodable {
        let username: String
        let code: String
        let newPassword: Password
    }

    /// `POST /password-reset` → 204. All sessions are over, here at once and everywhere else within a second.
    ///
    /// - Throws: ``AuthError/invalidCode`` (400), also where there is no such user.
    func resetPassword(request: Request, context: ServiceContext) async throws -> NoContent {
        let body = try await request.decode(as: Reset.self, context: context)
        guard body.username.utf8.count <= 256 else { throw RequestError.invalid("username", "is too long") }
        guard body.code.utf8.count <= 64 else { throw AuthError.invalidCode }
        let revoked = try await self.reset.reset(
            username: body.username, code: body.code, to: body.newPassword, address: context.clientAddress)
        for session in revoked { self.verifier.revoke(session) }
        return NoContent()
    }
}

/// 202 without a body.
struct Accepted: ResponseGenerator {
    func response(from request: Request, context: some RequestContext) -> Response { Response(status: .accepted) }
}

extension EmailAddress {
    /// - Throws: ``RequestError/invalid(fields:)`` that names the field `email`.
    static func checked(_ text: String) throws(RequestError) -> Self {
        guard let address = Self(text) else { throw .invalid("email", "is not an address that mail can be sent to") }
        return address
    }
}
