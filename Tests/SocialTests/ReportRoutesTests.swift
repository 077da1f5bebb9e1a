import ChatAPI
import HTTPTypes
import Postgres
import Synchronization
import Testing

@testable import Social

struct ReportRoutesTests {
    @Test func `somebody is reported once while it waits, and again when it was settled`() async throws {
        try await withSocialRoutes(listener: .both) { social, _ in
            let first = try await social.call(.post, "/reports", as: .alice, #"{"userId":2,"reason":" spam "}"#)
            #expect(first.status == .created)
            let report = try first.decode(ReportRoutes.Own.self)
            #expect(report.status == .open)
            #expect(report.reason == "spam")
            #expect(!first.text.contains("content"))
            let again = try await social.call(.post, "/reports", as: .alice, #"{"userId":2,"reason":"more"}"#)
            #expect(again.status == .ok)
            #expect(again.text == first.text)
            _ = try await social.operate(.post, "/reports/\(report.id)", #"{"status":"resolved"}"#)
            let later = try await social.call(.post, "/reports", as: .alice, #"{"userId":2,"reason":"again"}"#)
            #expect(later.status == .created)
        }
    }

    @Test func `a message is reported with what it says, by who sees it`() async throws {
        try await withSocialRoutes(listener: .both) { social, standIns in
            standIns.seen.withLock { $0 = [.alice: SeenMessage(senderId: .bob, content: "buy now")] }
            let body = #"{"messageId":"17.4","reason":"spam"}"#
            #expect(try await social.call(.post, "/reports", as: .alice, body).status == .created)
            let stranger = try await social.call(.post, "/reports", as: .mallory, body)
            #expect(stranger.status == .notFound)
            #expect(stranger.code == "message_not_found")
            let queue = try await social.operate(.get, "/reports").decode(OperatorRoutes.ReportList.self)
            #expect(queue.reports.map(\.content) == ["buy now"])
            #expect(queue.reports.map(\.userId) == [.bob])
            #expect(queue.reports.map(\.messageId) == [MessageID(chatroom: ChatroomID(17), seq: 4)])
            standIns.seen.withLock { $0 = [.bob: SeenMessage(senderId: .bob, content: "")] }
            #expect(try await social.call(.post, "/reports", as: .bob, body).status == .badRequest, "one's own")
        }
    }

    @Test(arguments: [
        #"{"reason":"spam"}"#, #"{"userId":1,"reason":"myself"}"#, #"{"userId":2}"#, #"{"userId":2,"reason":" "}"#,
        #"{"userId":2,"messageId":"1.1","reason":"x"}"#, #"{"messageId":"1","reason":"x"}"#,
    ])
    func `what is no report is refused`(body: String) async throws {
        try await withSocialRoutes { social, _ in
            let answer = try await social.call(.post, "/reports", as: .alice, body)
            #expect(answer.status == .badRequest)
            #expect(answer.code == "invalid_request")
        }
    }

    @Test func `there is an end to what one may report in a day`() async throws {
        try await withSocialRoutes(["SOCIAL_REPORTS_PER_DAY": "2"]) { social, _ async throws in
            func report(_ user: Int) async throws -> SocialClient.Answer {
                try await social.call(.post, "/reports", as: .alice, #"{"userId":\#(user),"reason":"x"}"#)
            }
            #expect(try await report(9_999_999).code == "user_not_found")
            for user in 2...3 { #expect(try await report(user).status == .created) }
            #expect(try await report(2).status == .ok)
            let answer = try await report(4)
            #expect(answer.status == .tooManyRequests)
            #expect(answer.headers[.retryAfter].flatMap { Int($0) } ?? 0 > 80_000)
        }
    }

    @Test func `operators take, give back, settle, and leave a trace`() async throws {
        try await withSocialRoutes(listener: .both) { social, _ async throws in
            for user in 2...4 {
                _ = try await social.call(.post, "/reports", as: .alice, #"{"userId":\#(user),"reason":"x"}"#)
            }
            let page = try await social.operate(.get, "/reports?status=open&limit=2")
                .decode(OperatorRoutes.ReportList.self)
            #expect(page.reports.map(\.userId.rawValue) == [2, 3])
            let next = try #require(page.next)
            let rest = try await social.operate(.get, "/reports?status=open&cursor=\(next)")
                .decode(OperatorRoutes.ReportList.self)
            #expect(rest.reports.map(\.userId.rawValue) == [4])
            #expect(rest.next == nil)
            let id = page.reports[0].id
            func settle(_ status: String) async throws -> (Int, String?) {
                let answer = try await social.operate(
                    .post, "/reports/\(id)", #"{"status":"\#(status)","note":"\#(status)"}"#)
                return (answer.status.code, answer.code)
            }
            #expect(try await settle("taken") == (200, nil))
            #expect(try await settle("taken") == (409, "report_settled"))
            #expect(try await settle("open") == (200, nil))
            #expect(try await settle("dismissed") == (200, nil))
            #expect(try await settle("resolved") == (409, "report_settled"))
            #expect(try await settle("lost") == (400, "invalid_request"))
            #expect(try await social.operate(.post, "/reports/4711", #"{"status":"taken"}"#).code == "report_not_found")
            let audit = try await social.operate(.get, "/audit").decode(OperatorRoutes.AuditList.self).entries
            #expect(audit.map(\.action) == ["report_dismissed", "report_open", "report_taken"])
            #expect(audit.map(\.operator) == ["ann", "ann", "ann"])
            await #expect(throws: PostgresError.self) {
                try await social.database.postgres.execute("DELETE FROM social.audit")
            }
        }
    }

    @Test func `operators hand over and dissolve groups they are not in`() async throws {
        try await withSocialRoutes(listener: .both) { social, _ in
            for user in [UserID.bob, .carol] { try await social.befriend(.alice, user) }
            let group = try await social.group("tea", owner: .alice, members: [.bob, .carol])
            let handed = try await social.operate(.put, "/chatrooms/\(group.id)/owner", #"{"userId":3}"#)
            #expect(handed.status == .ok)
            let seen = try handed.decode(OperatorStore.Group.self)
            #expect(seen.ownerId == .carol)
            #expect(seen.members.map(\.role) == [.admin, .member, .owner])
            let stranger = try await social.operate(.put, "/chatrooms/\(group.id)/owner", #"{"userId":4}"#)
            #expect(stranger.code == "member_not_found")
            #expect(try await social.operate(.delete, "/chatrooms/\(group.id)").status == .noContent)
            #expect(try await social.operate(.delete, "/chatrooms/\(group.id)").code == "chatroom_not_found")
            #expect(try await social.call(.get, "/chatrooms/\(group.id)", as: .bob).status == .notFound)
            #expect(
                try await social.database.feed().suffix(1).map(\.what)
                    == [.chatroomDissolved(chatroom: group.id, by: .carol)])
            let direct = try await social.call(.put, "/chatrooms/direct/2", as: .alice).decode(Chatroom.self)
            #expect(try await social.operate(.delete, "/chatrooms/\(direct.id)").code == "chatroom_not_found")
            let audit = try await social.operate(.get, "/audit").decode(OperatorRoutes.AuditList.self).entries
            #expect(audit.map(\.action) == ["group_dissolved", "group_transferred"])
        }
    }

    @Test(arguments: ["/internal/reports", "/internal/audit", "/internal/chatrooms/1"])
    func `H04 operators' calls take the operators' key and no service's`(path: String) async throws {
        try await withSocialRoutes(listener: .internal) { social, _ in
            for name in ["auth", "gateway", "history", "nobody"] {
                let answer = try await social.execute(
                    .get, path, [.authorization: "Bearer local-key-of-\(name)"], nil)
                #expect(answer.status == .unauthorized)
            }
            #expect(try await social.execute(.get, path, [:], nil).status == .unauthorized)
        }
    }
}

extension SocialClient {
    /// Calls as the operator `ann`.
    func operate(_ method: HTTPRequest.Method, _ path: String, _ body: String? = nil) async throws -> Answer {
        var headers: HTTPFields = [.authorization: "Bearer local-key-of-operator"]
        headers[try #require(HTTPField.Name("x-operator"))] = "ann"
        return try await self.execute(method, "/internal" + path, headers, body, inside: true)
    }
}
