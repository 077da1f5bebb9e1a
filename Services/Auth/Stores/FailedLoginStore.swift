import Foundation
import Postgres

/// Failed logins, counted in rows, as there are several instances.
///
/// An account is a name as typed, in lower case: one that does not exist is locked like one that does.
struct FailedLoginStore: Sendable {
    let postgres: Postgres
    let limits: LoginLimits

    /// When the next try is allowed; `nil` if it is now.
    func lock(account: String, address: String, now: Date) async throws -> Date? {
        let lock: Lock? = try await self.postgres.first(self.lockQuery(account: account, address: address, now: now))
        return self.end(of: lock)
    }

    /// Counts a wrong password, unless the limit is reached already.
    ///
    /// Passwords tried at the same time are checked at the same time, but counted one by one: of any number at once no
    /// more than the limit are told whether they were right.
    ///
    /// - Returns: when the next try is allowed, if this one should not have been; `nil` if it was counted.
    func add(account: String, address: String, now: Date) async throws -> Date? {
        let sql: SQL = """
            WITH lock AS (\(self.lockQuery(account: account, address: address, now: now))),
            failure AS (
                INSERT INTO auth.failed_logins (account, address, failed_at)
                SELECT \(account), \(address), \(now) FROM lock WHERE by_account IS NULL AND by_address IS NULL
            )
            SELECT by_account, by_address FROM lock
            """
        let results = try await self.postgres.group([
            // The next statement's snapshot is taken when both locks are held: it sees every failure before.
            "SELECT pg_advisory_xact_lock(1, hashtext(\(account)))",
            "SELECT pg_advisory_xact_lock(2, hashtext(\(address)))",
            sql,
            self.sweep(now: now),
        ])
        return self.end(of: try results[2].decodeFirst(as: Lock.self))
    }

    /// The right password has come: the account's failures no longer count for it, only for the addresses.
    static func forgiveness(of account: String) -> SQL {
        "UPDATE auth.failed_logins SET account = NULL WHERE account = \(account)"
    }

    /// The failure that must leave the window before the next try, by account and by address.
    private struct Lock: PostgresRowDecodable {
        let byAccount: Date?
        let byAddress: Date?

        init(row: PostgresRow) throws(PostgresError) {
            self.byAccount = try row.get("by_account")
            self.byAddress = try row.get("by_address")
        }
    }

    private func lockQuery(account: String, address: String, now: Date) -> SQL {
        let since = now - self.limits.window.seconds
        return """
            SELECT
                (SELECT failed_at FROM auth.failed_logins WHERE account = \(account) AND failed_at > \(since)
                 ORDER BY failed_at DESC OFFSET \(self.limits.perAccount - 1) LIMIT 1) AS by_account,
                (SELECT failed_at FROM auth.failed_logins WHERE address = \(address) AND failed_at > \(since)
                 ORDER BY failed_at DESC OFFSET \(self.limits.perAddress - 1) LIMIT 1) AS by_address
            """
    }

    private func end(of lock: Lock?) -> Date? {
        [lock?.byAccount, lock?.byAddress].compactMap { $0 }.max().map { $0 + self.limits.window.seconds }
    }

    /// Removes some of what counts no longer: more than is added, and never what another sweep holds.
    private func sweep(now: Date) -> SQL {
        """
        DELETE FROM auth.failed_logins WHERE id IN (
            SELECT id FROM auth.failed_logins WHERE failed_at <= \(now - self.limits.window.seconds)
            ORDER BY failed_at LIMIT 10 FOR UPDATE SKIP LOCKED)
        """
    }
}
