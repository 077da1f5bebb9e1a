import ChatAPI
import Foundation
import Postgres

/// Sessions: begun, renewed, revoked. A revocation is in the change feed as soon as it is in the table.
struct SessionStore: Sendable {
    let postgres: Postgres
    let changes: ChangeStore
    let life: SessionLife

    /// Begins a session and forgives the account its failed logins, in one transaction.
    ///
    /// - Parameter version: that of the password which was checked.
    /// - Returns: whether it has begun: it has not if the password has been changed meanwhile, or the account disabled.
    func begin(_ session: Session, after version: Int, forgiving account: String) async throws -> Bool {
        // Locks the user against a change of password, which revokes every session that has begun before.
        let sql: SQL = """
            WITH owner AS (
                SELECT id FROM auth.users
                WHERE id = \(session.user) AND password_version = \(version) AND deleted_at IS NULL
                    AND disabled_at IS NULL
                FOR SHARE
            ), session AS (
                INSERT INTO auth.sessions (id, user_id, device, address, created_at, last_used_at, expires_at)
                SELECT \(session.id), id, \(session.device), \(session.address), \(session.createdAt),
                    \(session.lastUsedAt), \(session.expiresAt)
                FROM owner
                RETURNING id, user_id, address, created_at
            )
            INSERT INTO auth.audit (at, action, user_id, session_id, address)
            SELECT created_at, \(AuditEntry.Action.signedIn.rawValue), user_id, id, address FROM session
            RETURNING session_id
            """
        let results = try await self.postgres.group([sql, FailedLoginStore.forgiveness(of: account)])
        return try results[0].decodeFirst(as: SessionID.self) != nil
    }

    /// A session of this user that begins now.
    func new(user: UserID, device: String?, address: String, now: Date) -> Session {
        Session(
            id: SessionID(), user: user, device: device, address: address, createdAt: now, lastUsedAt: now,
            expiresAt: min(now + self.life.idle.seconds, now + self.life.longest.seconds))
    }

    /// Moves the end of those of these sessions that are neither revoked nor over, and answers them.
    func renew(_ ids: [SessionID], now: Date) async throws -> [Session] {
        // Locked in one order, so that two batches with the same sessions do not wait for each other.
        let sql: SQL = """
            WITH locked AS (
                SELECT id FROM auth.sessions WHERE id = ANY (\(ids)) ORDER BY id FOR NO KEY UPDATE
            )
            UPDATE auth.sessions AS s
            SET last_used_at = \(now),
                expires_at = greatest(s.expires_at, least(\(now + self.life.idle.seconds), s.created_at + \(self.life.longest)))
            FROM locked
            WHERE s.id = locked.id AND s.revoked_at IS NULL AND s.expires_at > \(now)
              AND s.created_at > \(now - self.life.longest.seconds)
            RETURNING s.id, s.user_id, s.device, s.address, s.created_at, s.last_used_at, s.expires_at
            """
        return try await self.postgres.all(sql)
    }

    /// The sessions in which this user is signed in, last used first.
    func list(of user: UserID, limit: Int, now: Date) async throws -> [Session] {
        let sql: SQL = """
            SELECT id, user_id, device, address, created_at, last_used_at, expires_at
            FROM auth.sessions
            WHERE user_id = \(user) AND revoked_at IS NULL AND expires_at > \(now)
            ORDER BY last_used_at DESC LIMIT \(limit)
            """
        return try await self.postgres.all(sql)
    }

    /// Revokes a session of this user, with its row of the feed in the same transaction.
    ///
    /// - Parameter address: where this was asked from.
    /// - Returns: `nil` if the user has no such session, or it was revoked before.
    func revoke(_ id: SessionID, of user: UserID, from address: String? = nil, now: Date) async throws
        -> RevokedSession?
    {
        try await self.revoke(of: user, at: now, from: address, where: "id = \(id)").first
    }

    /// Revokes every session of this user but one.
    func revokeAll(of user: UserID, but kept: SessionID, from address: String?, now: Date) async throws
        -> [RevokedSession]
    {
        try await self.revoke(of: user, at: now, from: address, where: "id <> \(kept)")
    }

    /// Revokes every session of a user but one in a transaction of the caller, who announces its position.
    static func revokeAll(
        of user: UserID, but kept: SessionID?, at now: Date, in transaction: PostgresTransaction, changes: ChangeStore
    ) async throws -> [RevokedSession] {
        try await Self.revoke(
            of: user, at: now, from: nil, where: "id IS DISTINCT FROM \(kept)", in: transaction, changes: changes)
    }

    private func revoke(
        of user: UserID, at now: Date, from address: String?, where condition: SQL
    ) async throws -> [RevokedSession] {
        let (revoked, position) = try await self.postgres.recordingTransaction { transaction in
            try await Self.revoke(
                of: user, at: now, from: address, where: condition, in: transaction, changes: self.changes)
        }
        if let position { self.changes.announce(position) }
        return revoked
    }

    private static func revoke(
        of user: UserID, at now: Date, from address: String?, where condition: SQL,
        in transaction: PostgresTransaction, changes: ChangeStore
    ) async throws -> [RevokedSession] {
        // Each leaves a record that names it.
        let sql: SQL = """
            WITH revoked AS (
                UPDATE auth.sessions SET revoked_at = \(now)
                WHERE user_id = \(user) AND revoked_at IS NULL AND expires_at > \(now) AND \(condition)
                RETURNING id, expires_at
            ), audit AS (
                INSERT INTO auth.audit (at, action, user_id, session_id, address)
                SELECT \(now), \(AuditEntry.Action.sessionRevoked.rawValue), \(user), id, \(address) FROM revoked
            )
            SELECT id, expires_at FROM revoked
            """
        let rows: [(SessionID, Date)] = try await transaction.all(sql)
        let revoked = rows.map {
            RevokedSession(session: $0.0, user: user, until: ChangeStore.forgettable(after: $0.1))
        }
        if !revoked.isEmpty { try changes.record(revoked.map { .sessionRevoked($0) }, in: transaction) }
        return revoked
    }

    /// - Parameter key: the Idempotency-Key of the registration that begins it.
    static func insertion(of session: Session, key: UUID?) -> SQL {
        """
        INSERT INTO auth.sessions
            (id, user_id, device, address, created_at, last_used_at, expires_at, idempotency_key)
        VALUES (\(session.id), \(session.user), \(session.device), \(session.address), \(session.createdAt),
            \(session.lastUsedAt), \(session.expiresAt), \(key))
        """
    }
}
