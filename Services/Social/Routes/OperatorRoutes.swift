import ChatAPI
import Hummingbird
import ServiceKit

/// What operators do with people's reports and groups, under `/internal`; every act is in the audit.
struct OperatorRoutes: Sendable {
    let reports: ReportStore
    let groups: OperatorStore
    let announcer: ChangeAnnouncer

    var routes: RouteCollection<OperatorContext> {
        RouteCollection(context: OperatorContext.self)
            .get("reports", use: self.listReports)
            .post("reports/:id", use: self.settle)
            .get("chatrooms/:id", use: self.group)
            .put("chatrooms/:id/owner", use: self.transfer)
            .delete("chatrooms/:id", use: self.dissolve)
            .get("audit", use: self.listAudit)
    }

    struct ReportList: Codable, Sendable {
        var reports: [Report]
        var next: String?
    }

    /// `GET /internal/reports?status=&limit=&cursor=` → 200, the oldest first.
    func listReports(request: Request, context: OperatorContext) async throws -> Answer<ReportList> {
        let query = try request.query
        let limit = try query.limit()
        let status: ReportStatus? = try query.value("status")
        let reports = try await self.reports.reports(status, after: try query.value("cursor"), limit: limit + 1)
        let page = Array(reports.prefix(limit))
        return Answer(ReportList(reports: page, next: reports.count > limit ? page.last?.id.description : nil))
    }

    private struct Settlement: Decodable {
        var status: ReportStatus
        var note: String?
    }

    /// `POST /internal/reports/:id` `{status: taken|resolved|dismissed|open, note?}` → 200 and the report.
    ///
    /// - Throws: ``SocialError/reportNotFound`` (404); ``SocialError/reportSettled`` (409) where that cannot follow.
    func settle(request: Request, context: OperatorContext) async throws -> Answer<Report> {
        guard let id = Int64(try context.parameters.text("id")) else { throw SocialError.reportNotFound }
        let body = try await request.decode(as: Settlement.self, context: context)
        let note = try body.note?.checked("note", 0...1000)
        return Answer(try await self.reports.settle(id, as: body.status, note: note, by: context.name))
    }

    /// `GET /internal/chatrooms/:id` → 200 and the group with its members.
    ///
    /// - Throws: ``SocialError/chatroomNotFound`` (404).
    func group(request: Request, context: OperatorContext) async throws -> Answer<OperatorStore.Group> {
        Answer(try await self.groups.group(try context.parameters.require("id", as: ChatroomID.self)))
    }

    private struct Transfer: Decodable {
        var userId: UserID
    }

    /// `PUT /internal/chatrooms/:id/owner` `{userId}` → 200 and the group, whose owner that member is.
    ///
    /// - Throws: ``SocialError/chatroomNotFound``, ``SocialError/memberNotFound`` (404).
    func transfer(request: Request, context: OperatorContext) async throws -> Answer<OperatorStore.Group> {
        let id = try context.parameters.require("id", as: ChatroomID.self)
        let body = try await request.decode(as: Transfer.self, context: context)
        let transferred = try await self.groups.transfer(id, to: body.userId, by: context.name)
        await self.announcer.settle(transferred.position)
        return Answer(try await self.groups.group(id))
    }

    /// `DELETE /internal/chatrooms/:id` → 204: the group is no more.
    ///
    /// - Throws: ``SocialError/chatroomNotFound`` (404).
    func dissolve(request: Request, context: OperatorContext) async throws -> NoContent {
        let id = try context.parameters.require("id", as: ChatroomID.self)
        let dissolved = try await self.groups.dissolve(id, by: context.name)
        await self.announcer.settle(dissolved.position)
        return NoContent()
    }

    struct AuditList: Codable, Sendable {
        var entries: [AuditRecord]
        var next: String?
    }

    /// `GET /internal/audit?limit=&cursor=` → 200, the newest first.
    func listAudit(request: Request, context: OperatorContext) async throws -> Answer<AuditList> {
        let query = try request.query
        let limit = try query.limit()
        let entries = try await self.groups.audit(before: try query.value("cursor"), limit: limit + 1)
        let page = Array(entries.prefix(limit))
        return Answer(AuditList(entries: page, next: entries.count > limit ? page.last?.id.description : nil))
    }
}
