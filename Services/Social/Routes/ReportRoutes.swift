import ChatAPI
import Hummingbird
import ServiceKit

/// `/api/social/reports`: what people want the operators to look at.
struct ReportRoutes: Sendable {
    let reports: ReportStore
    let profiles: ProfileClient
    let messages: MessageClient

    var routes: RouteCollection<AuthenticatedContext> {
        RouteCollection(context: AuthenticatedContext.self).post(use: self.create)
    }

    /// Somebody, or a message of somebody.
    private struct Creation: Decodable {
        var userId: UserID?
        var messageId: MessageID?
        var reason: String
    }

    /// What who has reported sees of it.
    struct Own: Codable, Hashable, Sendable {
        var id: Int64
        var userId: UserID
        var messageId: MessageID?
        var reason: String
        var status: ReportStatus
        var createdAt: Timestamp
    }

    /// `POST /reports` `{userId or messageId, reason}` → 201 and the report; 200 where the same waits already.
    ///
    /// - Throws: 400 of oneself; ``SocialError/userNotFound``; ``SocialError/messageNotFound`` also for what the caller may
    ///   not see; 429 over a quota.
    func create(request: Request, context: AuthenticatedContext) async throws -> Answer<Own> {
        let body = try await request.decode(as: Creation.self, context: context)
        let reason = try body.reason.checkedText("reason", atMost: 100)
        let key = try request.idempotencyKey
        let subject = try await self.subject(body, seenBy: context.user)
        let (report, isNew) = try await self.reports.report(subject, reason: reason, by: context.user, key: key)
        return Answer(
            Own(
                id: report.id, userId: report.userId, messageId: report.messageId, reason: report.reason,
                status: report.status, createdAt: report.createdAt), status: isNew ? .created : .ok)
    }

    private func subject(_ body: Creation, seenBy user: UserID) async throws -> ReportSubject {
        switch (body.userId, body.messageId) {
        case (let id?, nil):
            guard id != user else { throw RequestError.invalid("userId", "is yourself") }
            return ReportSubject(user: try await self.profiles.profile(id).id)
        case (nil, let id?):
            let message = try await self.messages.message(id, seenBy: user)
            guard message.senderId != user else { throw RequestError.invalid("messageId", "is your own") }
            return ReportSubject(user: message.senderId, message: id, content: message.content)
        default: throw RequestError.invalid("userId", "must be given, or else messageId")
        }
    }
}
