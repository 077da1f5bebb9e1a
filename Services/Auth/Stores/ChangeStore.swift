import ChatAPI
import Foundation
import Postgres
import ServiceKit

/// The feed of what changed in Auth, and the snapshot it goes on from.
struct ChangeStore: Sendable {
    let postgres: Postgres
    /// Told the newest position after each commit: publishes the hint. It may be lost.
    let announce: @Sendable (_ position: Int64) -> Void

    static let feed: ChangeFeed = "auth"

    /// How far the clocks of the services may differ: a revocation is kept that much longer than the tokens live.
    private static let clockDifference: TimeInterval = 600

    /// When the revocation of a session can be forgotten, the last token of which expires then.
    static func forgettable(after expiry: Date) -> Timestamp { Timestamp(expiry + Self.clockDifference) }

    /// Puts changes into the feed with the commit of the transaction; to be announced after it.
    func record(_ changes: [AuthChange], in transaction: PostgresTransaction) throws {
        try transaction.record(changes.map { try JSON(encoding: $0) }, in: Self.feed)
    }

    /// What changed after a position, oldest first.
    func changes(after position: Int64, limit: Int) async throws -> Changes<AuthChange> {
        let page = try await self.postgres.changes(after: position, limit: limit, in: Self.feed)
        return Changes(
            epoch: page.epoch, position: page.position,
            changes: try page.changes.map { Change(position: $0.position, what: try $0.what.decode()) })
    }

    /// What a service must know before it may trust a token: all of one moment.
    func snapshot(now: Date) async throws -> AuthSnapshot {
        let sql: SQL = """
            SELECT h.epoch, h.position, k.jwks, r.sessions, r.users, r.expiries
            FROM auth.change_heads AS h, auth.published_keys AS k, (
                SELECT coalesce(array_agg(id), '{}') AS sessions, coalesce(array_agg(user_id), '{}') AS users,
                    coalesce(array_agg(expires_at), '{}') AS expiries
                FROM auth.sessions WHERE revoked_at IS NOT NULL AND expires_at > \(now - Self.clockDifference)
            ) AS r
            """
        guard let snapshot: Snapshot = try await self.postgres.first(sql) else { throw RequestError.unavailable }
        return snapshot.value
    }

    /// The accounts that are gone, of ids above one, with the feed's position in the same snapshot.
    func deletedUsers(after id: Int64, limit: Int) async throws -> DeletedUsers {
        let rows: [(UUID, Int64, UserID?)] = try await self.postgres.all(
            """
            SELECT h.epoch, h.position, u.id FROM auth.change_heads AS h LEFT JOIN LATERAL (
                SELECT id FROM auth.users WHERE deleted_at IS NOT NULL AND id > \(id) ORDER BY id LIMIT \(limit)
            ) AS u ON TRUE ORDER BY u.id
            """)
        guard let first = rows.first else { throw RequestError.unavailable }
        return DeletedUsers(epoch: first.0, position: first.1, users: rows.compactMap(\.2))
    }

    /// The public keys that services trust.
    func jwks() async throws -> String {
        let jwks: String? = try await self.postgres.first("SELECT jwks FROM auth.published_keys")
        return jwks ?? #"{"keys":[]}"#
    }

    /// Makes these the keys that services trust, and tells them if they are others than before.
    func publish(jwks: String) async throws {
        let sql: SQL = "UPDATE auth.published_keys SET jwks = \(jwks) WHERE jwks <> \(jwks)"
        let (_, position) = try await self.postgres.recordingTransaction { transaction in
            guard try await transaction.execute(sql) > 0 else { return }
            try self.record([.keys(jwks: jwks)], in: transaction)
        }
        if let position { self.announce(position) }
    }

    private struct Snapshot: PostgresRowDecodable {
        let value: AuthSnapshot

        init(row: PostgresRow) throws(PostgresError) {
            let sessions: [SessionID] = try row.get("sessions")
            let users: [UserID] = try row.get("users")
            let expiries: [Date] = try row.get("expiries")
            self.value = AuthSnapshot(
                epoch: try row.get("epoch"), position: try row.get("position"), jwks: try row.get("jwks"),
                revoked: zip(zip(sessions, users), expiries).map {
                    RevokedSession(session: $0.0, user: $0.1, until: ChangeStore.forgettable(after: $1))
                })
        }
    }
}
