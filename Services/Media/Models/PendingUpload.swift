import ChatAPI
import Foundation
import Postgres

/// An upload under way: what it has reserved of its owner's quota, and of one that comes in parts all there is to know.
struct PendingUpload: PostgresRowDecodable, Hashable, Sendable {
    var id: UUID
    var owner: UserID
    var chatroom: ChatroomID?
    var name: String
    /// All its bytes, once they have come.
    var length: Int64
    /// As the client gave it.
    var metadata: String?
    /// From here on bytes have come whose checksum was not looked at yet.
    var uncheckedFrom: Int64?
    /// What it has become.
    var file: MediaID?
    var expiresAt: Date

    static let columns: SQL =
        "id, owner_id, chatroom_id, name, length, metadata, unchecked_from, file_id, expires_at"

    init(row: PostgresRow) throws(PostgresError) {
        self.id = try row.get("id")
        self.owner = try row.get("owner_id")
        self.chatroom = try row.get("chatroom_id")
        self.name = try row.get("name")
        self.length = try row.get("length")
        self.metadata = try row.get("metadata")
        self.uncheckedFrom = try row.get("unchecked_from")
        self.file = try row.get("file_id")
        self.expiresAt = try row.get("expires_at")
    }

    /// How much of a file with so many bytes counts.
    func offset(ofSize size: Int64) -> Int64 { min(size, self.uncheckedFrom ?? size, self.length) }
}
