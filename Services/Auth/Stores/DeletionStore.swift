import ChatAPI
import Foundation
import Postgres

/// Ends accounts.
struct DeletionStore: Sendable {
    let postgres: Postgres
    let changes: ChangeStore

    /// Takes from the user whom `audit` names all that tells who they were, and their sessions; the id stays, for what
    /// they wrote. The name is free again.
    ///
    /// - Parameter version: that of the password which was checked.
    /// - Returns: the sessions revoked; `nil` if the password has been changed meanwhile.
    func delete(_ version: Int, username: String, audit: AuditEntry) async throws -> [RevokedSession]? {
        // 8 characters and 24: as long as a name may be, and nobody's.
        let anonymise: SQL = """
            UPDATE auth.users SET
                username = 'deleted-' || left(replace(gen_random_uuid() :: text, '-', ''), 24),
                nickname = 'Deleted account', avatar = NULL, bio = '', email = NULL, email_verified_at = NULL,
                password_hash = '', password_version = password_version + 1, deleted_at = \(audit.at)
            WHERE id = \(audit.user) AND password_version = \(version) AND deleted_at IS NULL
            RETURNING id, username, nickname, avatar
            """
        let (revoked, position) = try await self.postgres.recordingTransaction { transaction -> [RevokedSession]? in
            guard let profile: Profile = try await transaction.first(anonymise) else { return nil }
            let revoked = try await SessionStore.revokeAll(
                of: audit.user, but: nil, at: audit.at, in: transaction, changes: self.changes)
            try await transaction.execute(
                "UPDATE auth.sessions SET device = NULL, address = '' WHERE user_id = \(audit.user)")
            try await transaction.execute("DELETE FROM auth.codes WHERE user_id = \(audit.user.rawValue)")
            try await transaction.execute("DELETE FROM auth.privacy WHERE user_id = \(audit.user)")
            try await transaction.execute("DELETE FROM auth.recovery_codes WHERE user_id = \(audit.user)")
            try await transaction.execute("DELETE FROM auth.second_factors WHERE user_id = \(audit.user)")
            try await transaction.execute(
                "DELETE FROM auth.failed_logins WHERE account = \(username.lowercased())")
            try await transaction.execute(audit.insertion)
            try self.changes.record([.profile(profile), .userDeleted(audit.user)], in: transaction)
            return revoked
        }
        if let position { self.changes.announce(position) }
        return revoked
    }
}
