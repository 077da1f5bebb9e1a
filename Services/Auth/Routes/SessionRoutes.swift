import ChatAPI
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import ServiceKit

/// The sessions of the user who calls, under `/api/auth`.
struct SessionRoutes: Sendable {
    let sessions: SessionStore
    let tokens: SessionTokens
    let verifier: TokenVerifier
    let now: @Sendable () -> Date

    var routes: RouteCollection<AuthenticatedContext> {
        RouteCollection(context: AuthenticatedContext.self)
            .post("logout", use: self.logout)
            .post("renew", use: self.renew)
            .get("me/sessions", use: self.list)
            .delete("me/sessions/:id", use: self.end)
            .delete("me/sessions", use: self.endOthers)
    }

    /// `POST /logout` → 204, and the cookie is gone. The session is over, here at once and everywhere else within a second.
    func logout(request: Request, context: AuthenticatedContext) async throws -> NoContent {
        try await self.revoke(context.session, context)
        return NoContent(headers: [.setCookie: TokenCookie.clearing(secure: context.isSecure)])
    }

    struct Renewed: Codable, Sendable {
        let token: String
    }

    /// `POST /renew` → 200 and a new token, which a caller with the cookie gets as one too.
    ///
    /// - Throws: ``RequestError/unauthenticated`` (401) where the session is over.
    func renew(request: Request, context: AuthenticatedContext) async throws -> Answer<Renewed> {
        guard let session = try await self.sessions.renew([context.session], now: self.now()).first else {
            throw RequestError.unauthenticated
        }
        let token = try self.tokens.token(for: session)
        var headers = HTTPFields()
        if context.credentials.carrier == .cookie {
            headers[.setCookie] = TokenCookie.setting(token, secure: context.isSecure)
        }
        return Answer(Renewed(token: token), headers: headers)
    }

    struct SessionList: Codable, Sendable {
        let sessions: [Item]

        struct Item: Codable, Sendable {
            let id: SessionID
            let device: String?
            let address: String
            let createdAt: Timestamp
            let lastUsedAt: Timestamp
            /// Whether it is the one that asks.
            let current: Bool
        }
    }

    /// `GET /me/sessions` → 200 and the sessions in which the caller is signed in.
    func list(request: Request, context: AuthenticatedContext) async throws -> Answer<SessionList> {
        let sessions = try await self.sessions.list(of: context.user, limit: 200, now: self.now())
        let items = sessions.map {
            SessionList.Item(
                id: $0.id, device: $0.device, address: $0.address, createdAt: Timestamp($0.createdAt),
                lastUsedAt: Timestamp($0.lastUsedAt), current: $0.id == context.session)
        }
        return Answer(SessionList(sessions: items))
    }

    /// `DELETE /me/sessions/:id` → 204.
    ///
    /// - Throws: ``AuthError/sessionNotFound`` (404), also for somebody else's.
    func end(request: Request, context: AuthenticatedContext) async throws -> NoContent {
        guard let id = SessionID(uuidString: try context.parameters.text("id")),
            try await self.revoke(id, context)
        else { throw AuthError.sessionNotFound }
        return NoContent()
    }

    /// `DELETE /me/sessions` → 204. Every session but the caller's is over.
    func endOthers(request: Request, context: AuthenticatedContext) async throws -> NoContent {
        let revoked = try await self.sessions.revokeAll(
            of: context.user, but: context.session, from: context.clientAddress, now: self.now())
        for session in revoked { self.verifier.revoke(session) }
        return NoContent()
    }

    @discardableResult
    private func revoke(_ id: SessionID, _ context: AuthenticatedContext) async throws -> Bool {
        let revoked = try await self.sessions.revoke(
            id, of: context.user, from: context.clientAddress, now: self.now())
        guard let revoked else { return false }
        self.verifier.revoke(revoked)
        context.logger.info("session revoked", metadata: ["session": "\(id)", "user": "\(context.user)"])
        return true
    }
}
