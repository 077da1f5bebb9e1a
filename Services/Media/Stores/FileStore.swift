import ChatAPI
import Foundation
import Postgres
import ServiceKit

/// Files and what messages carry of them.
struct FileStore: Sendable {
    let postgres: Postgres
    /// Bytes that one person may upload in all.
    let quota: Int

    private static let columns: SQL =
        "id, sha256, owner_id, chatroom_id, name, type, size, width, height, has_thumbnail"

    /// A file that is there: one that was released is not.
    func file(_ id: MediaID) async throws -> StoredFile? {
        try await self.postgres.first(
            "SELECT \(Self.columns) FROM media.files WHERE id = \(id) AND released_at IS NULL")
    }

    func files(_ ids: [MediaID]) async throws -> [StoredFile] {
        try await self.postgres.all(
            "SELECT \(Self.columns) FROM media.files WHERE id = ANY (\(ids)) AND released_at IS NULL")
    }

    /// What this person has uploaded under this key before.
    func file(of owner: UserID, key: UUID) async throws -> StoredFile? {
        try await self.postgres.first(
            "SELECT \(Self.columns) FROM media.files WHERE owner_id = \(owner) AND idempotency_key = \(key)")
    }

    /// Records an upload, and counts it against its owner's quota.
    ///
    /// - Parameter keep: gives its bytes their place; called when nothing speaks against it, under the content's lock.
    /// - Returns: the file; with a key that was used before, the file of then.
    /// - Throws: ``MediaError/quotaExceeded``; then nothing is recorded.
    func add(
        _ upload: Upload, name: String, chatroom: ChatroomID?, owner: UserID, key: UUID?,
        keep: @Sendable () async throws -> Void
    ) async throws -> StoredFile {
        try await self.postgres.transaction { transaction in
            try await transaction.lock(upload.sha256)
            // The row of usage is locked from here on: two uploads of one person come one after the other.
            let used: Int64? = try await transaction.first(
                """
                INSERT INTO media.usage (user_id, bytes) VALUES (\(owner), \(upload.size))
                ON CONFLICT (user_id) DO UPDATE SET bytes = usage.bytes + excluded.bytes
                RETURNING bytes
                """)
            if let key,
                let known: StoredFile = try await transaction.first(
                    "SELECT \(Self.columns) FROM media.files WHERE owner_id = \(owner) AND idempotency_key = \(key)")
            {
                try await transaction.execute(
                    "UPDATE media.usage SET bytes = bytes - \(upload.size) WHERE user_id = \(owner)")
                return known
            }
            guard let used, used <= Int64(self.quota) else { throw MediaError.quotaExceeded }
            try await transaction.execute(
                """
                INSERT INTO media.blobs (sha256, size) VALUES (\(upload.sha256.bytes), \(upload.size))
                ON CONFLICT (sha256) DO UPDATE SET freed_at = NULL
                """)
            let file: StoredFile = try await transaction.one(
                """
                INSERT INTO media.files (id, sha256, owner_id, chatroom_id, name, type, size, width, height,
                    has_thumbnail, idempotency_key)
                VALUES (\(UUID()), \(upload.sha256.bytes), \(owner), \(chatroom), \(name), \(upload.type), \(upload.size),
                    \(upload.width), \(upload.height), \(upload.thumbnail != nil), \(key))
                RETURNING \(Self.columns)
                """)
            try await keep()
            return file
        }
    }

    /// How much more this person may upload.
    func room(of owner: UserID) async throws -> Int64 {
        let used: Int64? = try await self.postgres.first("SELECT bytes FROM media.usage WHERE user_id = \(owner)")
        return max(0, Int64(self.quota) - (used ?? 0))
    }

    /// What a message carries already, or carried until it was recalled.
    ///
    /// - Throws: ``MediaError/clientIDConflict`` where it carries another file.
    func attached(_ message: AttachMedia) async throws -> StoredFile? {
        let sql: SQL = """
            SELECT a.source_id, f.id, f.sha256, f.owner_id, f.chatroom_id, f.name, f.type, f.size, f.width,
                f.height, f.has_thumbnail
            FROM media.attachments AS a JOIN media.files AS f ON f.id = a.file_id
            WHERE a.chatroom_id = \(message.chatroomId) AND a.sender_id = \(message.senderId)
                AND a.client_id = \(message.clientId)
            """
        guard let row = try await self.postgres.rows(sql).first else { return nil }
        guard try row.get("source_id", as: UUID.self) == message.mediaId else { throw MediaError.clientIDConflict }
        return try StoredFile(row: row)
    }

    /// Makes a file part of a message: itself in its own chatroom, in another a new file on the same content.
    ///
    /// - Returns: `nil` where the message has come to carry one, or the file was released, in the meantime.
    func attach(_ file: StoredFile, to message: AttachMedia) async throws -> StoredFile? {
        let isAtHome = file.chatroom == message.chatroomId
        let id = isAtHome ? file.id : UUID()
        let sql: SQL = """
            WITH attached AS (
                INSERT INTO media.attachments (chatroom_id, sender_id, client_id, source_id, file_id)
                SELECT \(message.chatroomId), \(message.senderId), \(message.clientId), id, \(id)
                FROM media.files WHERE id = \(file.id) AND released_at IS NULL FOR KEY SHARE
                ON CONFLICT DO NOTHING RETURNING file_id),
            copied AS (
                INSERT INTO media.files (id, sha256, owner_id, chatroom_id, name, type, size, width, height,
                    has_thumbnail)
                SELECT a.file_id, f.sha256, \(message.senderId), \(message.chatroomId), f.name, f.type, f.size, f.width,
                    f.height, f.has_thumbnail
                FROM attached AS a, media.files AS f WHERE f.id = \(file.id) AND a.file_id <> f.id
                RETURNING \(Self.columns))
            SELECT \(Self.columns) FROM copied
            UNION ALL
            SELECT \(Self.columns) FROM media.files WHERE id IN (SELECT file_id FROM attached)
            """
        return try await self.postgres.first(sql)
    }

    /// Releases a file whose owner wants it gone, whatever messages carry it.
    ///
    /// - Throws: ``MediaError/mediaNotFound`` where this person owns no such file.
    func delete(_ id: MediaID, of owner: UserID) async throws {
        let answers = try await self.postgres.group([
            // Against who attaches it meanwhile.
            "SELECT id FROM media.files WHERE id = \(id) AND owner_id = \(owner) FOR UPDATE",
            """
            UPDATE media.files SET released_at = statement_timestamp()
            WHERE id = \(id) AND owner_id = \(owner) AND released_at IS NULL RETURNING id
            """,
        ])
        guard answers[1].first != nil else { throw MediaError.mediaNotFound }
    }

    /// Takes their files from messages. A file that no message carries any more is released.
    ///
    /// The files are locked first, in one order, so that none is attached while it is looked for who carries it.
    func release(_ messages: [ReleaseMedia.Item]) async throws {
        let released: SQL = """
            SELECT a.file_id FROM media.attachments AS a
            JOIN unnest(
                \(messages.map(\.chatroomId))::bigint[], \(messages.map(\.senderId))::bigint[],
                \(messages.map(\.clientId))::uuid[]
            ) AS m (chatroom_id, sender_id, client_id)
                ON a.chatroom_id = m.chatroom_id AND a.sender_id = m.sender_id AND a.client_id = m.client_id
            """
        try await self.postgres.group([
            "SELECT id FROM media.files WHERE id IN (\(released)) ORDER BY id FOR UPDATE",
            """
            UPDATE media.attachments AS a SET released_at = statement_timestamp()
            FROM unnest(
                \(messages.map(\.chatroomId))::bigint[], \(messages.map(\.senderId))::bigint[],
                \(messages.map(\.clientId))::uuid[]
            ) AS m (chatroom_id, sender_id, client_id)
            WHERE a.chatroom_id = m.chatroom_id AND a.sender_id = m.sender_id AND a.client_id = m.client_id
                AND a.released_at IS NULL
            """,
            """
            UPDATE media.files AS f SET released_at = statement_timestamp()
            WHERE f.id IN (\(released)) AND f.released_at IS NULL AND NOT EXISTS (
                SELECT FROM media.attachments WHERE file_id = f.id AND released_at IS NULL)
            """,
        ])
    }
}
