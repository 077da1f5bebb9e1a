import ChatAPI
import Foundation
import Postgres
import ServiceKit

/// What operators do to accounts, each with its row of the audit, and what they look up.
struct OperatorStore: Sendable {
    let postgres: Postgres
    let changes: ChangeStore

    /// An account as operators see it.
    struct Standing: Codable, Hashable, Sendable {
        var account: Account
        var disabledAt: Timestamp?
        /// Whether signing in takes a second factor.
        var secondFactor: Bool
        /// In which the user is signed in.
        var sessions: Int
    }

    /// The account of this id or, whatever its case, this name.
    ///
    /// - Throws: ``AuthError/userNotFound``.
    func standing(id: UserID?, username: String?, now: Date) async throws -> Standing {
        let sql: SQL = """
            SELECT \(Account.columns), disabled_at,
                EXISTS (SELECT FROM auth.second_factors AS f
                    WHERE f.user_id = users.id AND f.confirmed_at IS NOT NULL) AS second_factor,
                (SELECT count(*) FROM auth.sessions AS s
                    WHERE s.user_id = users.id AND s.revoked_at IS NULL AND s.expires_at > \(now)) AS sessions
            FROM auth.users
            WHERE (id = \(id) OR lower(username) COLLATE "C" = lower(\(username) :: text)) AND deleted_at IS NULL
            """
        guard let standing: Standing = try await self.postgres.first(sql) else { throw AuthError.userNotFound }
        return standing
    }

    /// Lets a user sign in no more, and ends all their sessions; or lets them again. Once more: nothing.
    ///
    /// - Returns: the sessions that have ended.
    /// - Throws: ``AuthError/userNotFound``.
    func setDisabled(_ isDisabled: Bool, audit: AuditEntry) async throws -> [RevokedSession] {
        try await self.change(audit) { transaction in
            // The user's row is locked from here on; sessions begin under a lock of it too.
            let changed = try await transaction.execute(
                """
                UPDATE auth.users SET disabled_at = \(isDisabled ? audit.at : nil)
                WHERE id = \(audit.user) AND (disabled_at IS NULL) = \(isDisabled)
                """)
            return changed == 1
        }
    }

    /// Ends all sessions of a user.
    ///
    /// - Returns: the sessions that have ended.
    /// - Throws: ``AuthError/userNotFound``.
    func signOut(audit: AuditEntry) async throws -> [RevokedSession] {
        try await self.change(audit) { _ in true }
    }

    /// Gives a user another password, ends all their sessions and forgives their failed logins.
    ///
    /// - Parameter removesSecondFactor: for somebody who has lost it with all recovery codes.
    /// - Returns: the sessions that have ended.
    /// - Throws: ``AuthError/userNotFound``.
    func setPassword(
        to hash: String, username: String, removesSecondFactor: Bool, audit: AuditEntry
    ) async throws -> [RevokedSession] {
        try await self.change(audit) { transaction in
            try await transaction.execute(
                """
                UPDATE auth.users SET password_hash = \(hash), password_version = password_version + 1
                WHERE id = \(audit.user)
                """)
            try await transaction.execute(FailedLoginStore.forgiveness(of: username.lowercased()))
            if removesSecondFactor {
                try await transaction.execute("DELETE FROM auth.second_factors WHERE user_id = \(audit.user)")
            }
            return true
        }
    }

    /// The audit of one user or of all, the newest first.
    func audit(of user: UserID?, before cursor: Int64?, limit: Int) async throws -> [AuditRecord] {
        let whose: SQL = user.map { "user_id = \($0) AND" } ?? ""
        return try await self.postgres.all(
            "SELECT id, at, action, user_id, session_id, address, operator, note FROM auth.audit WHERE " + whose
                + " id < \(cursor ?? Int64.max) ORDER BY id DESC LIMIT \(limit)")
    }

    /// - Parameter body: answers whether it has changed anything; if not, nothing is noted and no session ends.
    private func change(
        _ audit: AuditEntry, _ body: (PostgresTransaction) async throws -> Bool
    ) async throws -> [RevokedSession] {
        let (revoked, position) = try await self.postgres.recordingTransaction { transaction -> [RevokedSession] in
            let user: UserID? = try await transaction.first(
                "SELECT id FROM auth.users WHERE id = \(audit.user) AND deleted_at IS NULL FOR UPDATE")
            guard user != nil else { throw AuthError.userNotFound }
            guard try await body(transaction) else { return [] }
            try await transaction.execute(audit.insertion)
            if audit.action == .enabled { return [] }
            return try await SessionStore.revokeAll(
                of: audit.user, but: nil, at: audit.at, in: transaction, changes: self.changes)
        }
        if let position { self.changes.announce(position) }
        return revoked
    }
}

extension OperatorStore.Standing: PostgresRowDecodable {
    init(row: PostgresRow) throws(PostgresError) {
        self.account = try Account(row: row)
        let disabledAt: Date? = try row.get("disabled_at")
        self.disabledAt = disabledAt.map { Timestamp($0) }
        self.secondFactor = try row.get("second_factor")
        self.sessions = try row.get("sessions")
    }
}
