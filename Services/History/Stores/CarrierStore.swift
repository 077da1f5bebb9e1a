import ChatAPI
import Foundation
import Postgres

/// Which messages carry files, for Media, which gives a message its file before it is stored.
struct CarrierStore: Sendable {
    let postgres: Postgres

    /// Those of the messages that are stored and carry a file: of one that was recalled, or that retention has taken, nothing
    /// is left to carry.
    func carrying(among messages: [ReleaseMedia.Item]) async throws -> [ReleaseMedia.Item] {
        let rows: [(ChatroomID, UserID, UUID)] = try await self.postgres.all(
            """
            SELECT e.chatroom_id, e.sender_id, e.client_id
            FROM unnest(
                \(messages.map(\.chatroomId.rawValue))::bigint[], \(messages.map(\.senderId.rawValue))::bigint[],
                \(messages.map(\.clientId))::uuid[]
            ) AS m (chatroom_id, sender_id, client_id)
            JOIN history.entries AS e ON e.chatroom_id = m.chatroom_id AND e.sender_id = m.sender_id
                AND e.client_id = m.client_id
            WHERE e.body ? 'media'
            """)
        return rows.map { ReleaseMedia.Item(chatroomId: $0.0, senderId: $0.1, clientId: $0.2) }
    }
}
