import ChatAPI
import Foundation
import Postgres

/// The messages that people keep. Who may not see a message (any more) does not see it among their favorites either; of one
/// that its chatroom keeps no longer the place stays, as of one that was recalled.
struct FavoriteStore: Sendable {
    let postgres: any PostgresQuerying

    /// Keeps a message for a user; keeping it again changes nothing.
    ///
    /// - Returns: whether it is new among the user's favorites.
    /// - Throws: ``HistoryError/messageNotFound`` where the user may not see it.
    func add(_ message: MessageID, for user: UserID) async throws -> Bool {
        let added: Bool? = try await self.postgres.first(
            """
            WITH visible AS (
                SELECT e.chatroom_id, m.user_id, e.seq
                FROM history.entries AS e JOIN history.members AS m ON m.chatroom_id = e.chatroom_id
                WHERE e.chatroom_id = \(message.chatroom.rawValue) AND e.seq = \(message.seq) AND e.kind = 'message'
                    AND m.user_id = \(user.rawValue) AND m.left_seq IS NULL AND e.seq >= m.from_seq
            ), added AS (
                INSERT INTO history.favorites (chatroom_id, user_id, seq)
                SELECT chatroom_id, user_id, seq FROM visible
                ON CONFLICT (chatroom_id, user_id, seq) DO NOTHING
                RETURNING seq
            )
            SELECT EXISTS (SELECT FROM added) FROM visible
            """)
        guard let added else { throw HistoryError.messageNotFound }
        return added
    }

    /// - Throws: ``HistoryError/favoriteNotFound`` where it is not among the user's favorites.
    func remove(_ message: MessageID, of user: UserID) async throws {
        let removed = try await self.postgres.execute(
            """
            DELETE FROM history.favorites
            WHERE chatroom_id = \(message.chatroom.rawValue) AND user_id = \(user.rawValue) AND seq = \(message.seq)
            """)
        guard removed == 1 else { throw HistoryError.favoriteNotFound }
    }

    /// One favorite of a user, if it is one and they may see it.
    func favorite(_ message: MessageID, of user: UserID) async throws -> FavoriteRow? {
        try await self.postgres.first(
            """
            \(Self.visible(to: user)) AND f.chatroom_id = \(message.chatroom.rawValue) AND f.seq = \(message.seq)
            """)
    }

    /// Favorites, the newest first. `text`: only those that contain it, in whatever case; empty: all.
    func favorites(
        of user: UserID, containing text: String, after cursor: FavoriteCursor?, limit: Int
    ) async throws -> [FavoriteRow] {
        let after = cursor ?? .start
        return try await self.postgres.all(
            """
            \(Self.visible(to: user))
                AND (f.created_at, f.chatroom_id, f.seq)
                    < (to_timestamp(\(after.milliseconds)::float8 / 1000), \(after.chatroom), \(after.seq))
                AND strpos(
                    lower(coalesce(
                        (
                            SELECT x.body ->> 'content' FROM history.entries AS x
                            WHERE x.chatroom_id = e.chatroom_id AND x.seq = e.edited_seq
                        ), e.body ->> 'content', '')), lower(\(text))) > 0
            ORDER BY f.created_at DESC, f.chatroom_id DESC, f.seq DESC
            LIMIT \(limit)
            """)
    }

    private static func visible(to user: UserID) -> SQL {
        """
        SELECT f.created_at AS kept_at, \(Entry.columns), \(Entry.state)
        FROM history.favorites AS f
        JOIN history.members AS m ON m.chatroom_id = f.chatroom_id AND m.user_id = f.user_id
        JOIN history.entries AS e ON e.chatroom_id = f.chatroom_id AND e.seq = f.seq
        JOIN history.chatroom_heads AS h ON h.chatroom_id = f.chatroom_id
        WHERE f.user_id = \(user.rawValue) AND m.left_seq IS NULL AND (f.seq >= m.from_seq OR f.seq <= h.floor_seq)
        """
    }
}

struct FavoriteRow: PostgresRowDecodable {
    let message: Entry
    let createdAt: Timestamp

    init(row: PostgresRow) throws(PostgresError) {
        self.createdAt = Timestamp(try row.get("kept_at") as Date)
        self.message = try Entry(rowWithState: row)
    }

    var cursor: FavoriteCursor {
        FavoriteCursor(
            milliseconds: self.createdAt.milliseconds, chatroom: self.message.chatroom.rawValue, seq: self.message.seq)
    }
}
