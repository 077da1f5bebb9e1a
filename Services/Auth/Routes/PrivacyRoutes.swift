import ChatAPI
import Hummingbird
import ServiceKit

/// What the user who calls lets others do and see, under `/api/auth`.
struct PrivacyRoutes: Sendable {
    let privacies: PrivacyStore

    var routes: RouteCollection<AuthenticatedContext> {
        RouteCollection(context: AuthenticatedContext.self)
            .get("me/privacy", use: self.get)
            .patch("me/privacy", use: self.update)
            .post("me/privacy/code", use: self.renewCode)
    }

    /// A privacy as its owner sees it.
    struct Own: Codable, Hashable, Sendable {
        let requests: Privacy.Requests
        let presence: Privacy.Audience
        let receipts: Bool
        let typing: Bool
        /// What somebody has to know who asks to be friends, where `requests` is `code`.
        let code: String
    }

    /// `GET /me/privacy` → 200.
    func get(request: Request, context: AuthenticatedContext) async throws -> Answer<Own> {
        self.answer(try await self.privacies.privacy(of: context.user), context)
    }

    /// `PATCH /me/privacy` `{requests?, presence?, receipts?, typing?}` → 200 and the privacy as it is then; everywhere else
    /// within a second.
    func update(request: Request, context: AuthenticatedContext) async throws -> Answer<Own> {
        let change = try await request.decode(as: PrivacyChange.self, context: context)
        return self.answer(try await self.privacies.update(context.user, with: change), context)
    }

    /// `POST /me/privacy/code` → 200 and the privacy with a new friend code; the one before opens nothing more.
    func renewCode(request: Request, context: AuthenticatedContext) async throws -> Answer<Own> {
        self.answer(try await self.privacies.renewCode(of: context.user), context)
    }

    private func answer(_ record: PrivacyRecord, _ context: AuthenticatedContext) -> Answer<Own> {
        let privacy = record.privacy
        return Answer(
            Own(
                requests: privacy.requests, presence: privacy.presence, receipts: privacy.receipts,
                typing: privacy.typing,
                code: self.privacies.codes.code(of: context.user, version: record.codeVersion)))
    }
}
