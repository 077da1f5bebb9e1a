import ChatAPI
import Postgres

/// When people were last online, as Gateways tell it of those who let it be seen.
struct LastSeenStore: Sendable {
    let postgres: Postgres

    /// Notes the later of what is known and what is told.
    func note(_ users: [NoteLastSeen.User]) async throws {
        // In one order, so that two calls with the same people do not wait for each other.
        try await self.postgres.execute(
            """
            INSERT INTO social.last_seen (user_id, at)
            SELECT user_id, max(at) FROM unnest(\(users.map(\.id)) :: bigint[], \(users.map(\.at)) :: timestamptz[])
                AS seen (user_id, at)
            GROUP BY user_id ORDER BY user_id
            ON CONFLICT (user_id) DO UPDATE SET at = greatest(last_seen.at, excluded.at)
            """)
    }
}
