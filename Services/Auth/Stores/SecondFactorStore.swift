import ChatAPI
import Foundation
import Postgres

/// The second factors of users and their recovery codes; secrets come and go sealed.
struct SecondFactorStore: Sendable {
    let postgres: Postgres

    struct Factor: Sendable, PostgresRowDecodable {
        let secret: Data
        let isConfirmed: Bool
        let lastStep: Int64

        init(row: PostgresRow) throws(PostgresError) {
            self.secret = try row.get("secret")
            self.isConfirmed = try row.get("is_confirmed")
            self.lastStep = try row.get("last_step")
        }
    }

    func factor(of user: UserID) async throws -> Factor? {
        try await self.postgres.first(
            """
            SELECT secret, confirmed_at IS NOT NULL AS is_confirmed, last_step FROM auth.second_factors
            WHERE user_id = \(user)
            """)
    }

    /// Keeps a secret to be confirmed, in the place of one that never was.
    ///
    /// - Parameter version: that of the password which was checked.
    /// - Throws: ``AuthError/totpActive`` where there is a confirmed one; ``AuthError/wrongPassword`` where the password has
    ///   been changed meanwhile.
    func begin(_ secret: Data, recoveryCodes: [String], for user: UserID, after version: Int) async throws {
        try await self.postgres.transaction { transaction in
            try await Self.requirePassword(version, of: user, in: transaction)
            let kept = try await transaction.execute(
                """
                INSERT INTO auth.second_factors (user_id, secret) VALUES (\(user), \(secret))
                ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, last_step = 0
                WHERE second_factors.confirmed_at IS NULL
                """)
            guard kept == 1 else { throw AuthError.totpActive }
            try await transaction.execute("DELETE FROM auth.recovery_codes WHERE user_id = \(user)")
            try await transaction.execute(
                """
                INSERT INTO auth.recovery_codes (user_id, hash)
                SELECT \(user), hash FROM unnest(\(recoveryCodes) :: text[]) AS hash
                """)
        }
    }

    /// Notes that a code of this step was taken; the first confirms the factor.
    ///
    /// - Parameter audit: what is noted beside it, if anything.
    /// - Returns: `false` where a code of this step or a later one was taken before.
    func take(_ step: Int64, of user: UserID, at now: Date, audit: AuditEntry? = nil) async throws -> Bool {
        try await self.postgres.transaction { transaction in
            let taken = try await transaction.execute(
                """
                UPDATE auth.second_factors SET last_step = \(step), confirmed_at = coalesce(confirmed_at, \(now))
                WHERE user_id = \(user) AND last_step < \(step)
                """)
            if taken == 1, let audit { try await transaction.execute(audit.insertion) }
            return taken == 1
        }
    }

    /// Uses a recovery code up; `false` where the user has none of this hash.
    func use(_ hash: String, of user: UserID) async throws -> Bool {
        try await self.postgres.execute(
            "DELETE FROM auth.recovery_codes WHERE user_id = \(user) AND hash = \(hash)") == 1
    }

    /// - Parameter version: that of the password which was checked.
    /// - Throws: ``AuthError/wrongPassword`` where the password has been changed meanwhile.
    func remove(after version: Int, audit: AuditEntry) async throws {
        try await self.postgres.transaction { transaction in
            try await Self.requirePassword(version, of: audit.user, in: transaction)
            try await transaction.execute("DELETE FROM auth.second_factors WHERE user_id = \(audit.user)")
            try await transaction.execute(audit.insertion)
        }
    }

    /// Locks the user against a change of password until the end of the transaction.
    private static func requirePassword(
        _ version: Int, of user: UserID, in transaction: PostgresTransaction
    ) async throws {
        let owner: UserID? = try await transaction.first(
            """
            SELECT id FROM auth.users
            WHERE id = \(user) AND password_version = \(version) AND deleted_at IS NULL FOR SHARE
            """)
        guard owner != nil else { throw AuthError.wrongPassword }
    }
}
