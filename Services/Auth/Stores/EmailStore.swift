import ChatAPI
import Foundation
import Postgres

/// Whose address is which.
struct EmailStore: Sendable {
    let postgres: Postgres

    struct Owner: Sendable, PostgresRowDecodable {
        let id: UserID
        let username: String
        let isVerified: Bool

        init(row: PostgresRow) throws(PostgresError) {
            self.id = try row.get("id")
            self.username = try row.get("username")
            self.isVerified = try row.get("is_verified")
        }
    }

    /// The accounts with this address: the one that has verified it, or else those that only name it, the oldest first.
    func owners(of address: EmailAddress) async throws -> [Owner] {
        let sql: SQL = """
            SELECT id, username, email_verified_at IS NOT NULL AS is_verified FROM auth.users
            WHERE lower(email) COLLATE "C" = \(address.key) AND deleted_at IS NULL
            ORDER BY is_verified DESC, id LIMIT 3
            """
        let owners: [Owner] = try await self.postgres.all(sql)
        return owners.first?.isVerified == true ? Array(owners.prefix(1)) : owners
    }

    /// Gives a user the address that `proof` is of, unless their password has changed since it was checked.
    ///
    /// - Returns: the address before.
    /// - Throws: ``AuthError/invalidCode``, ``AuthError/wrongPassword``; ``AuthError/emailTaken`` where another account
    ///   has verified it meanwhile.
    func change(
        _ email: EmailAddress, provenBy proof: ProvenCode, after version: Int, audit: AuditEntry
    ) async throws -> String? {
        do {
            return try await self.postgres.transaction { transaction in
                try await proof.use(in: transaction)
                let before: String?? = try await transaction.first(
                    """
                    SELECT email FROM auth.users
                    WHERE id = \(audit.user) AND password_version = \(version) AND deleted_at IS NULL FOR UPDATE
                    """)
                guard let before else { throw AuthError.wrongPassword }
                try await transaction.execute(
                    """
                    UPDATE auth.users SET email = \(email.description), email_verified_at = \(audit.at)
                    WHERE id = \(audit.user)
                    """)
                try await transaction.execute(audit.insertion)
                return before
            }
        } catch let error as PostgresError where error.violates("users_verified_email") {
            throw AuthError.emailTaken
        }
    }
}
