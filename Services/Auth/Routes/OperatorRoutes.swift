import ChatAPI
import Foundation
import Hummingbird
import ServiceKit

/// What operators do to accounts, under `/internal`; every act is in the audit.
struct OperatorRoutes: Sendable {
    let acts: OperatorActs
    let store: OperatorStore
    let sessions: SessionStore
    let now: @Sendable () -> Date

    var routes: RouteCollection<OperatorContext> {
        RouteCollection(context: OperatorContext.self)
            .get("accounts", use: self.find)
            .post("accounts/:id/disable", use: self.disable)
            .post("accounts/:id/enable", use: self.enable)
            .get("accounts/:id/sessions", use: self.listSessions)
            .post("accounts/:id/sign-out", use: self.signOut)
            .put("accounts/:id/password", use: self.setPassword)
            .get("audit", use: self.listAudit)
    }

    /// `GET /internal/accounts?id=` or `?username=` → 200 and the account.
    ///
    /// - Throws: ``AuthError/userNotFound`` (404).
    func find(request: Request, context: OperatorContext) async throws -> Answer<OperatorStore.Standing> {
        let query = try request.query
        let id: UserID? = try query.value("id")
        let username = query.text("username")
        guard (id == nil) != (username == nil) else {
            throw RequestError.invalid("id", "must be given, or else username")
        }
        return Answer(try await self.store.standing(id: id, username: username, now: self.now()))
    }

    private struct Note: Decodable {
        var note: String?
    }

    /// `POST /internal/accounts/:id/disable` `{note?}` → 200 and the account, which signs in no more; all its sessions end.
    ///
    /// - Throws: ``AuthError/userNotFound`` (404).
    func disable(request: Request, context: OperatorContext) async throws -> Answer<OperatorStore.Standing> {
        let act = try await self.act(request, context)
        try await self.acts.setDisabled(true, act)
        return try await self.standing(of: act.user)
    }

    /// `POST /internal/accounts/:id/enable` `{note?}` → 200 and the account, which may sign in again; refusals as in
    /// ``disable(request:context:)``.
    func enable(request: Request, context: OperatorContext) async throws -> Answer<OperatorStore.Standing> {
        let act = try await self.act(request, context)
        try await self.acts.setDisabled(false, act)
        return try await self.standing(of: act.user)
    }

    struct SessionList: Codable, Sendable {
        let sessions: [Item]

        struct Item: Codable, Sendable {
            let id: SessionID
            let device: String?
            let address: String
            let createdAt: Timestamp
            let lastUsedAt: Timestamp
        }
    }

    /// `GET /internal/accounts/:id/sessions` → 200, those in which the user is signed in, last used first.
    ///
    /// - Throws: ``AuthError/userNotFound`` (404).
    func listSessions(request: Request, context: OperatorContext) async throws -> Answer<SessionList> {
        let user = try self.user(context)
        _ = try await self.store.standing(id: user, username: nil, now: self.now())
        let sessions = try await self.sessions.list(of: user, limit: 200, now: self.now())
        return Answer(
            SessionList(
                sessions: sessions.map {
                    SessionList.Item(
                        id: $0.id, device: $0.device, address: $0.address, createdAt: Timestamp($0.createdAt),
                        lastUsedAt: Timestamp($0.lastUsedAt))
                }))
    }

    /// `POST /internal/accounts/:id/sign-out` `{note?}` → 204: every session is over.
    ///
    /// - Throws: ``AuthError/userNotFound`` (404).
    func signOut(request: Request, context: OperatorContext) async throws -> NoContent {
        try await self.acts.signOut(try await self.act(request, context))
        return NoContent()
    }

    private struct NewPassword: Decodable {
        var password: Password?
        var removeSecondFactor: Bool?
        var note: String?
    }

    struct PasswordSet: Codable, Sendable {
        /// Where the operator has not given one: this once.
        let password: String?
    }

    /// `PUT /internal/accounts/:id/password` `{password?, removeSecondFactor?, note?}` → 200, and the password where one had
    /// to be made; every session is over.
    ///
    /// - Throws: ``AuthError/userNotFound`` (404).
    func setPassword(request: Request, context: OperatorContext) async throws -> Answer<PasswordSet> {
        let body = try await request.decode(as: NewPassword.self, context: context)
        let act = OperatorActs.Act(
            user: try self.user(context), operator: context.name, note: try Self.checked(body.note))
        let password = try await self.acts.setPassword(
            body.password, removesSecondFactor: body.removeSecondFactor ?? false, act)
        return Answer(PasswordSet(password: body.password == nil ? password.text : nil))
    }

    struct AuditList: Codable, Sendable {
        let entries: [AuditRecord]
        let next: String?
    }

    /// `GET /internal/audit?userId=&limit=&cursor=` → 200, the newest first.
    func listAudit(request: Request, context: OperatorContext) async throws -> Answer<AuditList> {
        let query = try request.query
        let limit = try query.limit()
        let entries = try await self.store.audit(
            of: try query.value("userId"), before: try query.value("cursor"), limit: limit + 1)
        let page = Array(entries.prefix(limit))
        return Answer(AuditList(entries: page, next: entries.count > limit ? page.last?.id.description : nil))
    }

    private func act(_ request: Request, _ context: OperatorContext) async throws -> OperatorActs.Act {
        let body = try await request.decode(as: Note.self, context: context)
        return OperatorActs.Act(
            user: try self.user(context), operator: context.name, note: try Self.checked(body.note))
    }

    private func user(_ context: OperatorContext) throws -> UserID {
        guard let id = UserID(try context.parameters.text("id")) else { throw AuthError.userNotFound }
        return id
    }

    private func standing(of user: UserID) async throws -> Answer<OperatorStore.Standing> {
        Answer(try await self.store.standing(id: user, username: nil, now: self.now()))
    }

    private static func checked(_ note: String?) throws(RequestError) -> String? {
        if let note, !note.hasLength(0...1_000) { throw .invalid("note", "has at most 1000 characters") }
        return note
    }
}
