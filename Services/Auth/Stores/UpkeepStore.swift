import Foundation
import Postgres

/// Removes what counts no longer, a little at a time, and never what another instance removes at the same moment.
struct UpkeepStore: Sendable {
    let postgres: Postgres
    let retention: Retention
    let loginLimits: LoginLimits
    let codeLimits: CodeLimits

    /// How long what is over is kept.
    struct Retention: Sendable {
        /// At least 30 days, which the database sees to.
        var audit = Duration.seconds(365 * 86_400)
        /// Rows of the feed: whoever is further behind begins with a snapshot.
        var changes = Duration.seconds(30 * 86_400)
        /// Sessions of which every token has expired.
        var sessions = Duration.seconds(86_400)
    }

    private static let slice = 1_000

    /// - Parameter now: Auth's own time, which all bears but the rows of the feed.
    func tidy(now: Date) async throws {
        try await self.remove(from: "auth.sessions", where: "expires_at <= \(now - self.retention.sessions.seconds)")
        try await self.remove(from: "auth.codes", where: "expires_at <= \(now)")
        try await self.remove(from: "auth.code_requests", where: "at <= \(now - self.codeLimits.window.seconds)")
        try await self.remove(
            from: "auth.failed_logins", where: "failed_at <= \(now - self.loginLimits.window.seconds)")
        try await self.remove(from: "auth.audit", where: "at <= \(now - self.retention.audit.seconds)")
        // From the beginning on, without a hole, though a transaction that began earlier may have got a later place.
        try await self.remove(
            from: "auth.changes",
            where: """
                position < coalesce(
                    (SELECT min(position) FROM auth.changes
                     WHERE created_at > clock_timestamp() - \(self.retention.changes) :: interval),
                    (SELECT position FROM auth.change_heads))
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
