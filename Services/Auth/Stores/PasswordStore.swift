import ChatAPI
import Foundation
import Postgres

/// Another password for a user, and what it ends.
struct PasswordStore: Sendable {
    let postgres: Postgres
    let changes: ChangeStore

    /// Stores the hash of a new password of the user whom `audit` names, unless theirs is no longer the one of this
    /// version; revokes their sessions with their rows of the feed.
    ///
    /// - Parameter session: the one that goes on.
    /// - Returns: the sessions revoked; `nil` if the password has been changed meanwhile.
    func replace(
        _ version: Int, by hash: String, keeping session: SessionID?, audit: AuditEntry
    ) async throws -> [RevokedSession]? {
        let sql: SQL = """
            UPDATE auth.users SET password_hash = \(hash), password_version = password_version + 1
            WHERE id = \(audit.user) AND password_version = \(version) AND deleted_at IS NULL
            """
        let (revoked, position) = try await self.postgres.recordingTransaction { transaction -> [RevokedSession]? in
            // The user's row is locked from here on. Sessions begin under a lock of it too, so that the next statement
            // sees every one that an older password has begun.
            guard try await transaction.execute(sql) == 1 else { return nil }
            try await transaction.execute(audit.insertion)
            return try await SessionStore.revokeAll(
                of: audit.user, but: session, at: audit.at, in: transaction, changes: self.changes)
        }
        if let position { self.changes.announce(position) }
        return revoked
    }

    /// Stores the hash of a new password for whoever has a code for it, that went to the address the account has still;
    /// revokes all their sessions and forgives the account its failed logins.
    ///
    /// - Throws: ``AuthError/invalidCode`` where it has been used meanwhile.
    func reset(
        to hash: String, provenBy proof: ProvenCode, account: String, audit: AuditEntry
    ) async throws -> [RevokedSession] {
        let (revoked, position) = try await self.postgres.recordingTransaction { transaction -> [RevokedSession] in
            try await proof.use(in: transaction)
            let changed = try await transaction.execute(
                """
                UPDATE auth.users SET password_hash = \(hash), password_version = password_version + 1
                WHERE id = \(audit.user) AND deleted_at IS NULL
                    AND lower(email) COLLATE "C" = lower(\(proof.subject.address) :: text) COLLATE "C"
                """)
            guard changed == 1 else { throw AuthError.invalidCode }
            try await transaction.execute(audit.insertion)
            try await transaction.execute(FailedLoginStore.forgiveness(of: account))
            return try await SessionStore.revokeAll(
                of: audit.user, but: nil, at: audit.at, in: transaction, changes: self.changes)
        }
        if let position { self.changes.announce(position) }
        return revoked
    }
}
