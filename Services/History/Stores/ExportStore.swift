import ChatAPI
import Foundation
import Postgres

/// What one person has said, chatroom by chatroom.
struct ExportStore: Sendable {
    let postgres: any PostgresQuerying

    /// The chatrooms somebody is or was in: one's own words stay one's own after leaving.
    func chatrooms(everOf user: UserID) async throws -> [ChatroomID] {
        try await self.postgres.all(
            "SELECT chatroom_id FROM history.members WHERE user_id = \(user.rawValue) ORDER BY chatroom_id")
    }

    /// Somebody's messages in a chatroom, ascending, as they are now.
    func messages(of user: UserID, in chatroom: ChatroomID, after seq: Seq, limit: Int) async throws -> [Entry] {
        let rows = try await self.postgres.rows(
            """
            SELECT \(Entry.columns), \(Entry.state) FROM history.entries AS e
            WHERE e.chatroom_id = \(chatroom.rawValue) AND e.sender_id = \(user.rawValue) AND e.kind = 'message'
                AND e.seq > \(seq)
            ORDER BY e.seq LIMIT \(limit)
            """)
        return try rows.map { row throws(PostgresError) in try Entry(rowWithState: row) }
    }
}
