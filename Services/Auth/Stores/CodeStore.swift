import Foundation
import Postgres

/// Codes that were sent, and how many were asked for.
struct CodeStore: Sendable {
    let postgres: Postgres
    let limits: CodeLimits

    /// Counts a request for a code, unless there have been too many.
    ///
    /// - Returns: when the next one is allowed, if this one is not; `nil` if it was counted.
    func request(address: String, source: String, now: Date) async throws -> Date? {
        let since = now - self.limits.window.seconds
        let count: SQL = """
            WITH full_since AS (
                SELECT
                    (SELECT at FROM auth.code_requests WHERE address = \(address) AND at > \(since)
                     ORDER BY at DESC OFFSET \(self.limits.perAddress - 1) LIMIT 1) AS by_address,
                    (SELECT at FROM auth.code_requests WHERE source = \(source) AND at > \(since)
                     ORDER BY at DESC OFFSET \(self.limits.perSource - 1) LIMIT 1) AS by_source
            ), counted AS (
                INSERT INTO auth.code_requests (address, source, at)
                SELECT \(address), \(source), \(now) FROM full_since WHERE by_address IS NULL AND by_source IS NULL
            )
            SELECT greatest(by_address, by_source) AS full_since FROM full_since
            """
        let results = try await self.postgres.group([
            // Each statement's snapshot is taken when both locks are held: it sees every request before.
            "SELECT pg_advisory_xact_lock(3, hashtext(\(address)))",
            "SELECT pg_advisory_xact_lock(4, hashtext(\(source)))",
            count,
            """
            DELETE FROM auth.code_requests WHERE id IN (
                SELECT id FROM auth.code_requests WHERE at <= \(since) ORDER BY at LIMIT 10 FOR UPDATE SKIP LOCKED)
            """,
        ])
        let fullSince: Date? = try results[2].decodeFirst(as: Date?.self) ?? nil
        return fullSince.map { $0 + self.limits.window.seconds }
    }

    /// Keeps a new code; the one before it for the same subject holds no longer. Removes some that have expired.
    func keep(_ hash: Data, for subject: CodeSubject, now: Date) async throws {
        let expiry = now + self.limits.lifetime.seconds
        _ = try await self.postgres.group([
            """
            DELETE FROM auth.codes WHERE (purpose, address, user_id) IN (
                SELECT purpose, address, user_id FROM auth.codes WHERE expires_at <= \(now)
                ORDER BY expires_at LIMIT 10 FOR UPDATE SKIP LOCKED)
            """,
            """
            INSERT INTO auth.codes (purpose, address, user_id, hash, expires_at)
            VALUES (\(subject.purpose.rawValue), \(subject.address), \(subject.userID), \(hash), \(expiry))
            ON CONFLICT (purpose, address, user_id) DO UPDATE
            SET hash = excluded.hash, tries = 0, expires_at = excluded.expires_at
            """,
        ])
    }

    /// Counts a guess, before it is known whether it is right. Where there is no code, one that nobody knows is guessed at:
    /// from the time it takes nobody can tell.
    ///
    /// - Returns: the hash to compare it with; `nil` where there may be no more guesses.
    func guess(at subject: CodeSubject, now: Date) async throws -> Data? {
        let decoy = Data((0..<32).map { _ in UInt8.random(in: .min ... .max) })
        let sql: SQL = """
            INSERT INTO auth.codes AS kept (purpose, address, user_id, hash, tries, expires_at)
            VALUES (\(subject.purpose.rawValue), \(subject.address), \(subject.userID), \(decoy), 1,
                \(now + self.limits.lifetime.seconds))
            ON CONFLICT (purpose, address, user_id) DO UPDATE SET
                hash = CASE WHEN kept.expires_at > \(now) THEN kept.hash ELSE excluded.hash END,
                tries = CASE WHEN kept.expires_at > \(now) THEN least(kept.tries, 1000000) + 1 ELSE 1 END,
                expires_at = CASE WHEN kept.expires_at > \(now) THEN kept.expires_at ELSE excluded.expires_at END
            RETURNING hash, tries
            """
        let (hash, tries): (Data, Int) = try await self.postgres.one(sql)
        return tries <= self.limits.tries ? hash : nil
    }
}

/// A code that was right. It is used up by the transaction that does what it is for, so of two at once one does it.
struct ProvenCode: Sendable {
    let subject: CodeSubject
    let hash: Data

    /// - Throws: ``AuthError/invalidCode`` where it has been used meanwhile.
    func use(in transaction: PostgresTransaction) async throws {
        let used = try await transaction.execute(
            """
            DELETE FROM auth.codes
            WHERE purpose = \(self.subject.purpose.rawValue) AND address = \(self.subject.address)
                AND user_id = \(self.subject.userID) AND hash = \(self.hash)
            """)
        guard used == 1 else { throw AuthError.invalidCode }
    }
}
