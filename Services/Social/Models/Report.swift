import ChatAPI
import Foundation
import Postgres

/// How far a report has come. `taken`: an operator looks at it; `resolved` and `dismissed` end it.
enum ReportStatus: String, Codable, Sendable, LosslessStringConvertible, PostgresNewtype {
    case open, taken, resolved, dismissed

    init?(_ text: String) { self.init(rawValue: text) }
    var description: String { self.rawValue }

    /// Whether an operator may move a report from one to the other.
    func mayBecome(_ other: ReportStatus) -> Bool {
        switch self {
        case .open: other != .open
        // Given back too.
        case .taken: other != .taken
        case .resolved, .dismissed: false
        }
    }
}

/// What is reported.
struct ReportSubject: Hashable, Sendable {
    /// Of a message: who sent it.
    var user: UserID
    var message: MessageID?
    /// Of the message, as it stands there now.
    var content: String?
}

/// A report, as kept and as operators see it.
struct Report: Codable, Hashable, Sendable {
    var id: Int64
    var reporterId: UserID
    var userId: UserID
    var messageId: MessageID?
    var content: String?
    var reason: String
    var status: ReportStatus
    var createdAt: Timestamp
    var handledBy: String?
    var handledAt: Timestamp?
    var note: String?
}

extension Report: PostgresRowDecodable {
    static var columns: SQL {
        "id, reporter_id, user_id, chatroom_id, seq, content, reason, status, created_at, handled_by, handled_at, note"
    }

    init(row: PostgresRow) throws(PostgresError) {
        self.id = try row.get("id")
        self.reporterId = try row.get("reporter_id")
        self.userId = try row.get("user_id")
        if let chatroom: ChatroomID = try row.get("chatroom_id") {
            self.messageId = MessageID(chatroom: chatroom, seq: try row.get("seq"))
        }
        self.content = try row.get("content")
        self.reason = try row.get("reason")
        self.status = try row.get("status")
        self.createdAt = try row.get("created_at")
        self.handledBy = try row.get("handled_by")
        self.handledAt = try row.get("handled_at")
        self.note = try row.get("note")
    }
}
