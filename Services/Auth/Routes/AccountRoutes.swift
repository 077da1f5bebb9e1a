import ChatAPI
import Foundation
import HTTPTypes
import Hummingbird
import ServiceKit

/// How one comes in: the calls that need no token, under `/api/auth`.
struct AccountRoutes: Sendable {
    let registration: Registration
    let signIn: SignIn
    let tokens: SessionTokens

    var routes: RouteCollection<ServiceContext> {
        RouteCollection(context: ServiceContext.self)
            .post("register", use: self.register)
            .post("login", use: self.login)
    }

    /// The user, and the token of the session that begins.
    struct SignedIn: Codable, Sendable {
        let user: Account
        let token: String
    }

    struct Register: Decodable {
        let username: String
        let password: Password
        let nickname: String?
        let email: String?
        let code: String?
    }

    /// `POST /register` → 201, the user and a token, also as the cookie. With an Idempotency-Key that came before: the same answer again.
    ///
    /// - Throws: ``AuthError/usernameTaken`` (409), ``AuthError/invalidCode`` (400).
    func register(request: Request, context: ServiceContext) async throws -> Answer<SignedIn> {
        let body = try await request.decode(as: Register.self, context: context)
        let wish = try Registration.Wish(
            username: body.username, password: body.password, nickname: body.nickname, email: body.email,
            code: body.code)
        let (account, session) = try await self.registration.register(
            wish, address: context.clientAddress, key: try request.idempotencyKey)
        return try self.answer(account, session, context, status: .created)
    }

    struct Login: Decodable {
        let username: String
        let password: Password
        let device: String?
        let totp: String?
    }

    /// `POST /login` → 200, the user and a token, also as the cookie.
    ///
    /// - Throws: ``AuthError/invalidCredentials`` (401), also where there is no such user; ``AuthError/totpRequired`` (401);
    ///   ``RequestError/tooManyRequests(retryAfter:)`` (429).
    func login(request: Request, context: ServiceContext) async throws -> Answer<SignedIn> {
        let body = try await request.decode(as: Login.self, context: context)
        // Longer than any name there is, but bounded, as failures are counted under it.
        guard body.username.utf8.count <= 256 else { throw RequestError.invalid("username", "is too long") }
        if let totp = body.totp, totp.utf8.count > 64 { throw RequestError.invalid("totp", "is too long") }
        if let device = body.device, !device.hasLength(0...100) { throw RequestError.invalid("device", "is too long") }
        let (account, session) = try await self.signIn.signIn(
            username: body.username, password: body.password, totp: body.totp, device: body.device,
            address: context.clientAddress)
        return try self.answer(account, session, context, status: .ok)
    }

    /// The token twice: for whoever sends it in a header, and as the cookie.
    private func answer(
        _ account: Account, _ session: Session, _ context: ServiceContext, status: HTTPResponse.Status
    ) throws -> Answer<SignedIn> {
        let token = try self.tokens.token(for: session)
        let cookie = TokenCookie.setting(token, secure: context.isSecure)
        return Answer(SignedIn(user: account, token: token), status: status, headers: [.setCookie: cookie])
    }
}

extension Request {
    /// - Throws: ``RequestError/invalid(fields:)`` where the header is there but holds no UUID.
    fileprivate var idempotencyKey: UUID? {
        get throws(RequestError) {
            guard let name = HTTPField.Name("Idempotency-Key"), let text = self.headers[name] else { return nil }
            guard let key = UUID(uuidString: text) else { throw .invalid("Idempotency-Key", "is not a UUID") }
            return key
        }
    }
}
