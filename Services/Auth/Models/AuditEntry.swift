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
    }

    let action: Action
    let user: UserID
    /// The session it was done in, or that it was done to.
    var session: SessionID?
    var address: String?
    let at: Date

    /// To be executed in the transaction that does what it tells of.
    var insertion: SQL {
        """
        INSERT INTO auth.audit (at, action, user_id, session_id, address)
        VALUES (\(self.at), \(self.action.rawValue), \(self.user), \(self.session), \(self.address))
        """
    }
}
