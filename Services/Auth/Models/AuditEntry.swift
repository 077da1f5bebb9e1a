import ChatAPI
import Foundation
import Postgres

/// Something that happened to an account, for whoever has to find out later. Never holds a secret.
struct AuditEntry: Sendable {
    enum Action: String, Sendable {
        case registered
        case signedIn = "signed_in"
        case sessionRevoked = "session_revoked"
        case passwordChanged = "password_changed"
        case passwordReset = "password_reset"
        case emailChanged = "email_changed"
        case secondFactorSet = "second_factor_set"
        case secondFactorRemoved = "second_factor_removed"
        case deleted
        // What only operators do.
        case disabled
        case enabled
        case signedOut = "signed_out"
        case passwordSet = "password_set"
    }

    let action: Action
    let user: UserID
    /// The session it was done in, or that it was done to.
    var session: SessionID?
    var address: String?
    /// The operator who did it, and what they say to it.
    var `operator`: String?
    var note: String?
    let at: Date

    /// To be executed in the transaction that does what it tells of.
    var insertion: SQL {
        """
        INSERT INTO auth.audit (at, action, user_id, session_id, address, operator, note)
        VALUES (\(self.at), \(self.action.rawValue), \(self.user), \(self.session), \(self.address), \(self.operator),
            \(self.note))
        """
    }
}

/// A row of the audit, as operators see it.
struct AuditRecord: Codable, Hashable, Sendable {
    var id: Int64
    var at: Timestamp
    var action: String
    var userId: UserID
    var sessionId: SessionID?
    var address: String?
    var `operator`: String?
    var note: String?
}

extension AuditRecord: PostgresRowDecodable {
    init(row: PostgresRow) throws(PostgresError) {
        self.id = try row.get("id")
        self.at = Timestamp(try row.get("at") as Date)
        self.action = try row.get("action")
        self.userId = try row.get("user_id")
        self.sessionId = try row.get("session_id")
        self.address = try row.get("address")
        self.operator = try row.get("operator")
        self.note = try row.get("note")
    }
}
