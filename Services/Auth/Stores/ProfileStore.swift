import ChatAPI
import Foundation
import Postgres

/// What everybody may know of the users. Reads only.
struct ProfileStore: Sendable {
    let postgres: Postgres

    /// The users of these ids and these names (in any case), with the feed's position in the same snapshot.
    func lookup(ids: [UserID], usernames: [String] = []) async throws -> LookupUsers.Answer {
        let sql: SQL = """
            SELECT h.position, u.id, u.username, u.nickname, u.avatar, p.requests, p.presence, p.receipts, p.typing
            FROM auth.change_heads AS h LEFT JOIN LATERAL (
                SELECT id, username, nickname, avatar FROM auth.users
                WHERE id = ANY (\(ids)) OR lower(username) COLLATE "C" = ANY (\(usernames.map { $0.lowercased() }))
            ) AS u ON TRUE LEFT JOIN auth.privacy AS p ON p.user_id = u.id
            """
        let rows: [Found] = try await self.postgres.all(sql)
        return LookupUsers.Answer(
            position: rows.first?.position ?? 0, users: rows.compactMap(\.profile),
            privacy: rows.compactMap { row in
                guard let user = row.profile?.id, let privacy = row.privacy, privacy != .usual else { return nil }
                return UserPrivacy(user: user, privacy: privacy)
            })
    }

    /// Users whose username or nickname begins with `prefix`, in any case: those of exactly that name first, then by
    /// username.
    func search(_ prefix: String, limit: Int) async throws -> [Profile] {
        // U+10FFFF is above every character of a name, so a prefix is a range of an index in byte order. Two ranges, each
        // read no further than the limit, however many names begin so.
        let sql: SQL = """
            SELECT id, username, nickname, avatar FROM (
                (SELECT id, username, nickname, avatar FROM auth.users
                 WHERE lower(username) COLLATE "C" >= lower(\(prefix))
                   AND lower(username) COLLATE "C" < lower(\(prefix)) || U&'\\+10FFFF' AND deleted_at IS NULL
                 ORDER BY lower(username) COLLATE "C" LIMIT \(limit))
                UNION
                (SELECT id, username, nickname, avatar FROM auth.users
                 WHERE lower(nickname) COLLATE "C" >= lower(\(prefix))
                   AND lower(nickname) COLLATE "C" < lower(\(prefix)) || U&'\\+10FFFF' AND deleted_at IS NULL
                 ORDER BY lower(nickname) COLLATE "C" LIMIT \(limit))
            ) AS found
            ORDER BY lower(username) <> lower(\(prefix)), lower(nickname) <> lower(\(prefix)), lower(username)
            LIMIT \(limit)
            """
        return try await self.postgres.all(sql)
    }

    private struct Found: PostgresRowDecodable {
        let position: Int64
        let profile: Profile?
        let privacy: Privacy?

        init(row: PostgresRow) throws(PostgresError) {
            self.position = try row.get("position")
            let id: UserID? = try row.get("id")
            self.profile = id == nil ? nil : try Profile(row: row)
            let requests: Privacy.Requests? = try row.get("requests")
            self.privacy = requests == nil ? nil : try Privacy(row: row)
        }
    }
}
