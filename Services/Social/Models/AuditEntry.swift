import ChatAPI
import Postgres

/// Something that an operator did, for whoever has to find out later.
struct AuditEntry: Sendable {
    enum Action: Sendable {
        case report(ReportStatus)
        case groupTransferred, groupDissolved

        var name: String {
            switch self {
            case .report(let status): "report_\(status)"
            case .groupTransferred: "group_transferred"
            case .groupDissolved: "group_dissolved"
            }
        }
    }

    let `operator`: String
    let action: Action
    var user: UserID?
    var chatroom: ChatroomID?
    var report: Int64?
    var note: String?

    /// To be executed in the transaction that does what it tells of.
    var insertion: SQL {
        """
        INSERT INTO social.audit (operator, action, user_id, chatroom_id, report_id, note)
        VALUES (\(self.operator), \(self.action.name), \(self.user), \(self.chatroom), \(self.report), \(self.note))
        """
    }
}

/// A row of the audit, as operators see it.
struct AuditRecord: Codable, Hashable, Sendable {
    var id: Int64
    var at: Timestamp
    var `operator`: String
    var action: String
    var userId: UserID?
    var chatroomId: ChatroomID?
    var reportId: Int64?
    var note: String?
}

extension AuditRecord: PostgresRowDecodable {
    init(row: PostgresRow) throws(PostgresError) {
        self.id = try row.get("id")
        self.at = try row.get("at")
        self.operator = try row.get("operator")
        self.action = try row.get("action")
        self.userId = try row.get("user_id")
        self.chatroomId = try row.get("chatroom_id")
        self.reportId = try row.get("report_id")
        self.note = try row.get("note")
    }
}
