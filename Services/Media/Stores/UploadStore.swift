import ChatAPI
import Foundation
import Postgres

/// Uploads under way, and what they reserve of their owners' quotas: what is stored and what is reserved never come to more
/// than the quota, however many come at once.
struct UploadStore: Sendable {
    let postgres: Postgres
    let quota: UploadQuota

    /// Begins an upload.
    ///
    /// - Parameters:
    ///   - key: with one that was used before, the upload of then is answered.
    ///   - lifetime: for so long it holds what it has reserved, unless it is touched.
    /// - Throws: ``MediaError/quotaExceeded``, ``MediaError/tooManyUploads``.
    func begin(_ upload: NewUpload, key: UUID? = nil, lifetime: Duration) async throws -> PendingUpload {
        let answers = try await self.postgres.group([
            Self.makeUsage(of: upload.owner), Self.lockUsage(of: upload.owner),
            """
            DELETE FROM media.uploads WHERE owner_id = \(upload.owner) AND idempotency_key = \(key)
                AND expires_at <= statement_timestamp()
            """,
            """
            INSERT INTO media.uploads (id, owner_id, is_resumable, chatroom_id, name, length, metadata, reserved,
                idempotency_key, expires_at)
            SELECT \(UUID()), \(upload.owner), \(upload.isResumable), \(upload.chatroom), \(upload.name),
                \(upload.length), \(upload.metadata), \(upload.length), \(key), statement_timestamp() + \(lifetime)
            WHERE \(self.hasRoom(upload.owner, for: upload.length, besides: nil))
                AND \(Self.unfinished(of: upload.owner)) < \(self.quota.uploads)
            ON CONFLICT (owner_id, idempotency_key) DO NOTHING
            RETURNING \(PendingUpload.columns)
            """,
            """
            SELECT \(PendingUpload.columns) FROM media.uploads
            WHERE owner_id = \(upload.owner) AND idempotency_key = \(key) AND expires_at > statement_timestamp()
            """,
            "SELECT \(Self.unfinished(of: upload.owner)) < \(self.quota.uploads)",
        ])
        if let begun = try answers[3].decodeFirst(as: PendingUpload.self) { return begun }
        if let known = try answers[4].decodeFirst(as: PendingUpload.self) { return known }
        throw try answers[5].decodeFirst(as: Bool.self) == true
            ? MediaError.quotaExceeded : MediaError.tooManyUploads
    }

    /// Reserves so many bytes in all for an upload, and lets it live on.
    ///
    /// - Returns: whether there is room for them.
    func reserve(_ bytes: Int64, for id: UUID, of owner: UserID, lifetime: Duration) async throws -> Bool {
        let answers = try await self.postgres.group([
            Self.lockUsage(of: owner),
            """
            UPDATE media.uploads SET reserved = \(bytes), expires_at = statement_timestamp() + \(lifetime)
            WHERE id = \(id) AND \(self.hasRoom(owner, for: bytes, besides: id)) RETURNING id
            """,
        ])
        return answers[1].first != nil
    }

    /// An upload that comes in parts, of this person.
    func find(_ id: UUID, of owner: UserID) async throws -> PendingUpload? {
        try await self.postgres.first(
            """
            SELECT \(PendingUpload.columns) FROM media.uploads
            WHERE id = \(id) AND owner_id = \(owner) AND is_resumable AND expires_at > statement_timestamp()
            """)
    }

    /// Bytes have come, or will: up to `unchecked` they count.
    ///
    /// - Returns: until when it lives.
    func touch(_ id: UUID, unchecked: Int64?, lifetime: Duration) async throws -> Date {
        try await self.postgres.one(
            """
            UPDATE media.uploads SET unchecked_from = \(unchecked), expires_at = statement_timestamp() + \(lifetime)
            WHERE id = \(id) RETURNING expires_at
            """)
    }

    /// Ends an upload that becomes no file.
    func end(_ id: UUID) async throws {
        try await self.postgres.execute("DELETE FROM media.uploads WHERE id = \(id)")
    }

    /// Uploads that nobody has gone on with, the oldest first.
    func expired(limit: Int) async throws -> [UUID] {
        try await self.postgres.all(
            """
            SELECT id FROM media.uploads WHERE expires_at <= statement_timestamp() ORDER BY expires_at LIMIT \(limit)
            """)
    }

    /// Ends an upload that has expired, unless somebody has gone on with it meanwhile.
    func endExpired(_ id: UUID) async throws {
        try await self.postgres.execute(
            "DELETE FROM media.uploads WHERE id = \(id) AND expires_at <= statement_timestamp()")
    }

    /// Which of these are uploads that wait for their next part.
    func unfinished(among ids: [UUID]) async throws -> Set<UUID> {
        let found: [UUID] = try await self.postgres.all(
            "SELECT id FROM media.uploads WHERE id = ANY (\(ids)) AND file_id IS NULL")
        return Set(found)
    }

    // MARK: The quota

    /// For the row to be locked.
    static func makeUsage(of owner: UserID) -> SQL {
        "INSERT INTO media.usage (user_id, bytes) VALUES (\(owner), 0) ON CONFLICT DO NOTHING"
    }

    /// Until the end of the transaction nobody else counts for this person. What is counted, a later statement must ask:
    /// the snapshot of this one is older than its lock.
    static func lockUsage(of owner: UserID) -> SQL {
        "SELECT bytes FROM media.usage WHERE user_id = \(owner) FOR UPDATE"
    }

    /// Whether so many bytes fit beside what this person has, and what their other uploads have reserved.
    func hasRoom(_ owner: UserID, for bytes: Int64, besides upload: UUID?) -> SQL {
        """
        (SELECT bytes FROM media.usage WHERE user_id = \(owner)) + \(bytes) + (
            SELECT coalesce(sum(reserved), 0)::bigint FROM media.uploads
            WHERE owner_id = \(owner) AND expires_at > statement_timestamp() AND id IS DISTINCT FROM \(upload)
        ) <= \(Int64(self.quota.bytes))
        """
    }

    private static func unfinished(of owner: UserID) -> SQL {
        """
        (SELECT count(*) FROM media.uploads
        WHERE owner_id = \(owner) AND file_id IS NULL AND expires_at > statement_timestamp())
        """
    }
}

/// What one person may have.
struct UploadQuota: Sendable {
    var bytes = 4 << 30
    /// Uploads under way.
    var uploads = 100
}

/// What is told of an upload before its bytes come.
struct NewUpload: Sendable {
    var owner: UserID
    var chatroom: ChatroomID?
    var name: String
    /// As far as it is known.
    var length: Int64
    var isResumable: Bool
    var metadata: String?
}

/// The room that a request's upload has in its owner's quota: grows as its bytes come, and lasts while they do.
///
/// A value of the one task that reads the body.
struct QuotaClaim: Sendable {
    /// What is reserved ahead, so that not every piece asks the database.
    private static let ahead: Int64 = 4 << 20
    /// A request whose process has died holds its room for so long.
    static let lifetime = Duration.seconds(120)
    private static let renewal = Duration.seconds(30)

    let uploads: UploadStore
    let id: UUID
    let owner: UserID
    private var reserved: Int64
    private var renewedAt = ContinuousClock.now

    /// - Throws: ``MediaError/quotaExceeded`` where `announced` is too much.
    init(_ uploads: UploadStore, _ upload: NewUpload) async throws {
        let begun = try await uploads.begin(upload, lifetime: Self.lifetime)
        self.uploads = uploads
        self.id = begun.id
        self.owner = upload.owner
        self.reserved = upload.length
    }

    /// - Throws: ``MediaError/quotaExceeded`` where so many bytes in all are too much.
    mutating func cover(_ bytes: Int64) async throws {
        if bytes <= self.reserved {
            guard ContinuousClock.now - self.renewedAt > Self.renewal else { return }
            try await self.reserve(self.reserved)
        } else if try await self.uploads.reserve(
            bytes + Self.ahead, for: self.id, of: self.owner, lifetime: Self.lifetime)
        {
            (self.reserved, self.renewedAt) = (bytes + Self.ahead, .now)
        } else {
            try await self.reserve(bytes)
        }
    }

    /// All has come; what is to be done with it may take a while.
    mutating func settle(on bytes: Int64) async throws { try await self.reserve(bytes, lifetime: .seconds(3600)) }

    private mutating func reserve(_ bytes: Int64, lifetime: Duration = Self.lifetime) async throws {
        guard try await self.uploads.reserve(bytes, for: self.id, of: self.owner, lifetime: lifetime) else {
            throw MediaError.quotaExceeded
        }
        (self.reserved, self.renewedAt) = (bytes, .now)
    }
}
