import ChatAPI
import Foundation
import Postgres

/// What operators ask of single entries.
struct ExplainStore: Sendable {
    let postgres: Postgres

    /// An entry without what it says.
    struct Envelope: Sendable {
        let kind: String
        let sender: UserID?
        let client: UUID?
        let createdAt: Timestamp
        let head: Seq
    }

    func envelope(of id: MessageID) async throws -> Envelope? {
        let row: (String, Int64?, UUID?, Date, Seq)? = try await self.postgres.first(
            """
            SELECT e.kind, e.sender_id, e.client_id, e.created_at, h.seq
            FROM history.entries AS e JOIN history.chatroom_heads AS h ON h.chatroom_id = e.chatroom_id
            WHERE e.chatroom_id = \(id.chatroom.rawValue) AND e.seq = \(id.seq)
            """)
        return row.map { kind, sender, client, createdAt, head in
            Envelope(
                kind: kind, sender: sender.flatMap { UserID(rawValue: $0) }, client: client,
                createdAt: Timestamp(createdAt), head: head)
        }
    }

    /// The place of the message that its sender called so.
    func seq(in chatroom: ChatroomID, sentBy sender: UserID, as client: UUID) async throws -> Seq? {
        try await self.postgres.first(
            """
            SELECT seq FROM history.entries
            WHERE chatroom_id = \(chatroom.rawValue) AND sender_id = \(sender.rawValue) AND client_id = \(client)
            """)
    }
}
