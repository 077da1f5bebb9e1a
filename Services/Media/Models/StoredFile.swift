import ChatAPI
import Foundation
import Postgres
import ServiceKit

/// A file as people see it, and the content it stands for.
struct StoredFile: PostgresRowDecodable, Hashable, Sendable {
    var id: MediaID
    var sha256: ContentHash
    var owner: UserID
    /// Whose members may read it; `nil`: anybody signed in.
    var chatroom: ChatroomID?
    var name: String
    var type: String
    var size: Int64
    var width: Int?
    var height: Int?
    var hasThumbnail: Bool
    /// The copy that holds its bytes; none, where they were freed.
    var copy: String?

    init(row: PostgresRow) throws(PostgresError) {
        self.id = try row.get("id")
        self.sha256 = ContentHash(try row.get("sha256"))
        self.owner = try row.get("owner_id")
        self.chatroom = try row.get("chatroom_id")
        self.name = try row.get("name")
        self.type = try row.get("type")
        self.size = try row.get("size")
        self.width = try row.get("width")
        self.height = try row.get("height")
        self.hasThumbnail = try row.get("has_thumbnail")
        self.copy = try row.get("copy")
    }

    /// As uploads, messages and pages carry it.
    var media: MediaFile {
        let path = "/api/media/files/\(self.id.uuidString.lowercased())/"
        // A file may have the name that its thumbnail has in the path.
        let name = self.name == "thumbnail" ? "thumbnail_" : self.name
        return MediaFile(
            id: self.id, url: path + FileName.percentEncoded(name), name: self.name, type: self.type, size: self.size,
            width: self.width, height: self.height, thumbnail: self.hasThumbnail ? path + "thumbnail" : nil)
    }
}

extension UserID: PostgresNewtype {}
extension ChatroomID: PostgresNewtype {}

/// The SHA-256 of a content: its name in the blob store.
struct ContentHash: Hashable, Sendable, CustomStringConvertible {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var description: String {
        self.bytes.map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}
