import Foundation
import Postgres

/// Removes what counts no longer, a little at a time, and never what another instance removes at the same moment.
struct UpkeepStore: Sendable {
    let postgres: Postgres
    /// How long the audit is kept; at least 30 days, which the database sees to.
    let auditRetention: Duration
    /// How long rows of the feed are kept: whoever is further behind begins with a snapshot.
    let feedRetention: Duration

    private static let slice = 1_000

    func tidy() async throws {
        // Links that lead nowhere any more.
        try await self.remove(from: "social.invites", where: "expires_at <= clock_timestamp() - interval '1 day'")
        // Keys under which nobody asks again.
        try await self.remove(from: "social.followed_invites", where: "at <= clock_timestamp() - interval '2 days'")
        try await self.remove(
            from: "social.audit", where: "at <= clock_timestamp() - \(self.auditRetention) :: interval")
        // From the beginning on, without a hole, though a transaction that began earlier may have got a later place.
        try await self.remove(
            from: "social.changes",
            where: """
                position < coalesce(
                    (SELECT min(position) FROM social.changes
                     WHERE created_at > clock_timestamp() - \(self.feedRetention) :: interval),
                    (SELECT position FROM social.change_heads))
                """)
    }

    private func remove(from table: SQL, where condition: SQL) async throws {
        let sql: SQL = """
            DELETE FROM \(table) WHERE ctid = ANY (ARRAY(
                SELECT ctid FROM \(table) WHERE \(condition) LIMIT \(Self.slice) FOR UPDATE SKIP LOCKED))
            """
        while try await self.postgres.execute(sql) == Self.slice { try Task.checkCancellation() }
    }
}
