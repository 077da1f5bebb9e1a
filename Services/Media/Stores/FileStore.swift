import ChatAPI
import Foundation
import Postgres
import ServiceKit

/// Files and what messages carry of them.
struct FileStore: Sendable {
    let postgres: Postgres
    let uploads: UploadStore

    private static let columns: SQL = """
        f.id, f.sha256, f.owner_id, f.chatroom_id, f.name, f.type, f.size, f.width, f.height, f.has_thumbnail, b.copy
        """
    private static let files: SQL = "media.files AS f JOIN media.blobs AS b ON b.sha256 = f.sha256"

    /// A file that is there: one that was released is not.
    func file(_ id: MediaID) async throws -> StoredFile? {
        try await self.postgres.first(
            "SELECT \(Self.columns) FROM \(Self.files) WHERE f.id = \(id) AND f.released_at IS NULL")
    }

    func files(_ ids: [MediaID]) async throws -> [StoredFile] {
        try await self.postgres.all(
            "SELECT \(Self.columns) FROM \(Self.files) WHERE f.id = ANY (\(ids)) AND f.released_at IS NULL")
    }

    /// This person's files, in the order of their ids. They are found by the key of their uploads, which begins with who
    /// made them.
    func files(of owner: UserID, after cursor: MediaID?, limit: Int) async throws -> [StoredFile] {
        try await self.postgres.all(
            """
            SELECT \(Self.columns) FROM \(Self.files)
            WHERE f.owner_id = \(owner) AND f.released_at IS NULL
                AND (\(cursor)::uuid IS NULL OR f.id > \(cursor)::uuid)
            ORDER BY f.id LIMIT \(limit)
            """)
    }

    /// What this person has uploaded under this key before.
    func file(of owner: UserID, key: UUID) async throws -> StoredFile? {
        try await Self.file(of: owner, key: key, self.postgres)
    }

    private static func file(of owner: UserID, key: UUID, _ postgres: some PostgresQuerying) async throws
        -> StoredFile?
    {
        try await postgres.first(
            "SELECT \(self.columns) FROM \(self.files) WHERE f.owner_id = \(owner) AND f.idempotency_key = \(key)")
    }

    /// The stored copy that holds a content, if any does.
    func copy(of content: ContentHash) async throws -> StoredCopy? {
        try await self.postgres.first(
            """
            SELECT copy, has_thumbnail FROM media.blobs
            WHERE sha256 = \(content.bytes) AND freed_at IS NULL AND copy IS NOT NULL
            """)
    }

    /// Records an upload as a file, counts it against its owner's quota, and ends the upload.
    ///
    /// - Parameter copy: one that was stored for it, which serves where there is no other.
    /// - Returns: the file, or with a key that was used before the file of then; `nil` where no copy holds its content.
    /// - Throws: ``MediaError/quotaExceeded``; then nothing is recorded.
    func add(_ upload: Upload, as new: NewFile, copy: StoredCopy?) async throws -> StoredFile? {
        try await self.postgres.transaction { transaction in
            try await transaction.lock(upload.sha256)
            try await transaction.execute(UploadStore.makeUsage(of: new.owner))
            try await transaction.execute(UploadStore.lockUsage(of: new.owner))
            if let key = new.key, let known = try await Self.file(of: new.owner, key: key, transaction) {
                try await transaction.execute("DELETE FROM media.uploads WHERE id = \(new.upload)")
                return known
            }
            let hasRoom: Bool = try await transaction.one(
                "SELECT \(self.uploads.hasRoom(new.owner, for: upload.size, besides: new.upload))")
            guard hasRoom else { throw MediaError.quotaExceeded }
            guard let stored = try await Self.bring(upload, copy, transaction) else { return nil }
            let id = UUID()
            try await transaction.execute(
                """
                INSERT INTO media.files (id, sha256, owner_id, chatroom_id, name, type, size, width, height,
                    has_thumbnail, idempotency_key, charged)
                VALUES (\(id), \(upload.sha256.bytes), \(new.owner), \(new.chatroom), \(new.name), \(upload.type),
                    \(upload.size), \(upload.width), \(upload.height), \(stored.hasThumbnail), \(new.key), \(upload.size))
                """)
            try await transaction.execute(
                "UPDATE media.usage SET bytes = bytes + \(upload.size) WHERE user_id = \(new.owner)")
            try await transaction.execute(
                new.isResumable
                    ? """
                    UPDATE media.uploads SET file_id = \(id), reserved = 0, unchecked_from = NULL,
                        expires_at = greatest(expires_at, statement_timestamp() + interval '1 day')
                    WHERE id = \(new.upload)
                    """ : "DELETE FROM media.uploads WHERE id = \(new.upload)")
            return try await transaction.one("SELECT \(Self.columns) FROM \(Self.files) WHERE f.id = \(id)")
        }
    }

    /// Sees to it that a content has its row, with the copy that holds it.
    private static func bring(_ upload: Upload, _ copy: StoredCopy?, _ transaction: PostgresTransaction) async throws
        -> StoredCopy?
    {
        let there: StoredCopy? = try await transaction.first(
            """
            SELECT copy, has_thumbnail FROM media.blobs
            WHERE sha256 = \(upload.sha256.bytes) AND freed_at IS NULL AND copy IS NOT NULL
            """)
        if let there { return there }
        guard let copy else { return nil }
        // The name of a copy that was freed goes with this: should its bytes still be there, the sweeper finds them.
        return try await transaction.first(
            """
            INSERT INTO media.blobs (sha256, size, copy, has_thumbnail)
            VALUES (\(upload.sha256.bytes), \(upload.size), \(copy.copy), \(copy.hasThumbnail))
            ON CONFLICT (sha256) DO UPDATE SET freed_at = NULL, copy = excluded.copy,
                has_thumbnail = excluded.has_thumbnail
            RETURNING copy, has_thumbnail
            """)
    }

    /// What a message carries already, or carried until it was recalled. Whoever asks is about to store the message.
    ///
    /// - Throws: ``MediaError/clientIDConflict`` where it carries another file.
    func attached(_ message: AttachMedia) async throws -> StoredFile? {
        let sql: SQL = """
            WITH a AS (
                UPDATE media.attachments SET attached_at = statement_timestamp()
                WHERE chatroom_id = \(message.chatroomId) AND sender_id = \(message.senderId)
                    AND client_id = \(message.clientId)
                RETURNING source_id, file_id)
            SELECT a.source_id, \(Self.columns) FROM a JOIN \(Self.files) ON f.id = a.file_id
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
                RETURNING id, sha256, owner_id, chatroom_id, name, type, size, width, height, has_thumbnail)
            SELECT \(Self.columns) FROM copied AS f JOIN media.blobs AS b ON b.sha256 = f.sha256
            UNION ALL
            SELECT \(Self.columns) FROM \(Self.files) WHERE f.id IN (SELECT file_id FROM attached)
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

/// What an upload is to become.
struct NewFile: Sendable {
    var upload: UUID
    var isResumable: Bool
    var owner: UserID
    var chatroom: ChatroomID?
    var name: String
    var key: UUID?
}

/// The copy of a content in the store.
struct StoredCopy: PostgresRowDecodable, Hashable, Sendable {
    var copy: String
    var hasThumbnail: Bool

    init(copy: String, hasThumbnail: Bool) {
        self.copy = copy
        self.hasThumbnail = hasThumbnail
    }

    init(row: PostgresRow) throws(PostgresError) {
        self.copy = try row.get("copy")
        self.hasThumbnail = try row.get("has_thumbnail")
    }
}
