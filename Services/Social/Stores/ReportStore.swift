import ChatAPI
import Foundation
import Postgres
import ServiceKit

/// The queue of what people report, and what operators make of it.
struct ReportStore: Sendable {
    let postgres: Postgres
    /// Reports of one person in any 24 hours.
    let maxPerDay: Int

    /// Keeps a report; one that waits already is answered again.
    ///
    /// - Parameter key: the caller's `Idempotency-Key`; what was made under it before is answered again.
    /// - Returns: the report, and whether it is new.
    /// - Throws: ``RequestError/tooManyRequests(retryAfter:)``.
    func report(
        _ subject: ReportSubject, reason: String, by reporter: UserID, key: UUID? = nil
    ) async throws -> (report: Report, isNew: Bool) {
        try await self.postgres.transaction { transaction in
            // One report of somebody at a time looks at what they have reported before.
            try await transaction.lock(reporter)
            let known: Report? = try await transaction.first(
                """
                SELECT \(Report.columns) FROM social.reports
                WHERE reporter_id = \(reporter) AND (creation_key = \(key)
                    OR user_id = \(subject.user) AND COALESCE(chatroom_id, 0) = \(subject.message?.chatroom.rawValue ?? 0)
                        AND COALESCE(seq, 0) = \(subject.message?.seq ?? 0) AND status IN ('open', 'taken'))
                ORDER BY creation_key IS NOT DISTINCT FROM \(key) DESC LIMIT 1
                """)
            if let known { return (known, false) }
            let wait: Int? = try await transaction.first(
                """
                SELECT greatest(1, ceil(extract(epoch FROM created_at + interval '1 day' - clock_timestamp())))::bigint
                FROM social.reports
                WHERE reporter_id = \(reporter) AND created_at > clock_timestamp() - interval '1 day'
                ORDER BY created_at DESC OFFSET \(self.maxPerDay - 1) LIMIT 1
                """)
            if let wait { throw RequestError.tooManyRequests(retryAfter: wait) }
            let made: Report = try await transaction.one(
                """
                INSERT INTO social.reports (reporter_id, user_id, chatroom_id, seq, content, reason, creation_key)
                VALUES (\(reporter), \(subject.user), \(subject.message?.chatroom), \(subject.message?.seq),
                    \(subject.content), \(reason), \(key))
                RETURNING \(Report.columns)
                """)
            return (made, true)
        }
    }

    /// Reports of a status, or of all, the oldest first.
    func reports(_ status: ReportStatus?, after cursor: Int64?, limit: Int) async throws -> [Report] {
        let place: SQL = "WHERE id > \(cursor ?? 0)"
        let of: SQL = status.map { " AND status = \($0)" } ?? ""
        return try await self.postgres.all(
            "SELECT \(Report.columns) FROM social.reports " + place + of + " ORDER BY id LIMIT \(limit)")
    }

    /// Moves a report on, which the audit remembers.
    ///
    /// - Throws: ``SocialError/reportNotFound``, ``SocialError/reportSettled``.
    func settle(_ id: Int64, as status: ReportStatus, note: String?, by name: String) async throws -> Report {
        try await self.postgres.transaction { transaction in
            let before: Report? = try await transaction.first(
                "SELECT \(Report.columns) FROM social.reports WHERE id = \(id) FOR UPDATE")
            guard let before else { throw SocialError.reportNotFound }
            guard before.status.mayBecome(status) else { throw SocialError.reportSettled }
            let settled: Report = try await transaction.one(
                """
                UPDATE social.reports SET status = \(status), handled_by = \(name), handled_at = clock_timestamp(),
                    note = COALESCE(\(note), note)
                WHERE id = \(id) RETURNING \(Report.columns)
                """)
            let action = AuditEntry(
                operator: name, action: .report(status), user: settled.userId, report: id, note: note)
            try await transaction.execute(action.insertion)
            return settled
        }
    }
}
