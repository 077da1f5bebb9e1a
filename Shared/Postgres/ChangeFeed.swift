import Foundation

/// A service's feed of changes: rows whose positions are 1, 2, 3 … without a hole, in the order of their commits.
///
/// Positions come from a one-row counter, which each writer locks until its commit; so whoever has read up to *n* has
/// everything up to *n*. It lives in two tables of the service's schema, made by ``migration`` or by the same text in
/// a migration of its own. Written as `"social"`, or `"social.changes"`.
package struct ChangeFeed: ExpressibleByStringLiteral, Hashable, Sendable {
    package let schema: String

    package init(schema: String) { self.schema = schema }

    package init(stringLiteral name: String) {
        self.schema = name.hasSuffix(".changes") ? String(name.dropLast(".changes".count)) : name
    }

    /// Makes the feed's tables in the schema.
    package var migration: Migration {
        Migration(
            name: "change_feed",
            text: """
                CREATE TABLE \(self.schema).change_heads (
                    one boolean PRIMARY KEY DEFAULT true CHECK (one),
                    position bigint NOT NULL DEFAULT 0,
                    epoch uuid NOT NULL DEFAULT gen_random_uuid()
                );
                INSERT INTO \(self.schema).change_heads DEFAULT VALUES;
                CREATE TABLE \(self.schema).changes (
                    position bigint PRIMARY KEY,
                    what jsonb NOT NULL,
                    created_at timestamptz NOT NULL DEFAULT now()
                );
                """)
    }

    /// Appends `changes` and returns the position of the last as a single column. For the end of a ``Postgres/group(_:)``;
    /// in a transaction use ``PostgresTransaction/record(_:in:)``.
    package func appending(_ changes: [JSON]) -> SQL {
        """
        WITH head AS (
            UPDATE \(identifier: "\(self.schema).change_heads") SET position = position + \(changes.count)
            RETURNING position),
        stored AS (
            INSERT INTO \(identifier: "\(self.schema).changes") (position, what)
            SELECT head.position - \(changes.count) + c.n, c.what
            FROM head, unnest(\(changes)) WITH ORDINALITY AS c (what, n) ORDER BY c.n)
        SELECT position FROM head
        """
    }

    /// A piece of a feed, all of one snapshot.
    package struct Page: Sendable {
        /// A reader that held another starts from a snapshot: positions may have been given twice.
        package let epoch: UUID
        /// The newest position there is.
        package let position: Int64
        package let changes: [(position: Int64, what: JSON)]
    }
}

extension PostgresQuerying {
    /// The first `limit` changes after a position.
    package func changes(
        after position: Int64, limit: Int, in feed: ChangeFeed
    ) async throws(PostgresError) -> ChangeFeed.Page {
        let rows: [(UUID, Int64, Int64?, JSON?)] = try await self.all(
            """
            SELECT h.epoch, h.position, c.position, c.what
            FROM \(identifier: "\(feed.schema).change_heads") AS h
            LEFT JOIN LATERAL (
                SELECT position, what FROM \(identifier: "\(feed.schema).changes")
                WHERE position > \(position) ORDER BY position LIMIT \(limit)) AS c ON TRUE
            ORDER BY c.position
            """)
        guard let first = rows.first else {
            throw PostgresError(code: .noRow, message: "\(feed.schema).change_heads has no row")
        }
        return ChangeFeed.Page(
            epoch: first.0, position: first.1,
            changes: rows.compactMap { row in
                guard let position = row.2, let what = row.3 else { return nil }
                return (position, what)
            })
    }
}
