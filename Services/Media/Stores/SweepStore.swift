import ChatAPI
import Postgres

/// What may go, and the locks under which it goes.
struct SweepStore: Sendable {
    let postgres: Postgres

    /// Contents of files that were released and not looked after yet, the oldest first.
    func releasedContents(limit: Int) async throws -> [ContentHash] {
        let hashes: [[UInt8]] = try await self.postgres.all(
            """
            SELECT sha256 FROM media.files WHERE released_at IS NOT NULL AND settled_at IS NULL
            GROUP BY sha256 ORDER BY min(released_at) LIMIT \(limit)
            """)
        return hashes.map { ContentHash($0) }
    }

    /// Looks after the released files of one content: gives their owners the room back, and frees the bytes if no file
    /// stands for them any more. What was forwarded was never counted.
    ///
    /// - Parameter free: removes the bytes; done twice it must be as good as once.
    func settle(_ content: ContentHash, free: @Sendable () async throws -> Void) async throws {
        try await self.postgres.transaction { transaction in
            try await transaction.lock(content)
            try await transaction.execute(
                """
                WITH settled AS (
                    UPDATE media.files SET settled_at = statement_timestamp()
                    WHERE sha256 = \(content.bytes) AND released_at IS NOT NULL AND settled_at IS NULL
                    RETURNING id, owner_id, size),
                counted AS (
                    SELECT s.owner_id, sum(s.size)::bigint AS bytes FROM settled AS s
                    WHERE NOT EXISTS (SELECT FROM media.attachments AS a WHERE a.file_id = s.id AND a.source_id <> s.id)
                    GROUP BY s.owner_id)
                UPDATE media.usage AS u SET bytes = greatest(0, u.bytes - c.bytes)
                FROM counted AS c WHERE u.user_id = c.owner_id
                """)
            let isNeeded: Bool = try await transaction.one(
                """
                SELECT EXISTS (SELECT FROM media.files WHERE sha256 = \(content.bytes) AND released_at IS NULL)
                """)
            if isNeeded { return }
            try await free()
            try await transaction.execute(
                "UPDATE media.blobs SET freed_at = statement_timestamp() WHERE sha256 = \(content.bytes)")
        }
    }

    /// Releases files that were uploaded for a chatroom more than a day ago and that no message was ever given.
    func releaseOrphans() async throws {
        try await self.postgres.transaction { transaction in
            // Locked first and looked at again then: a message may just have been given one.
            let old: [MediaID] = try await transaction.all(
                """
                SELECT id FROM media.files AS f
                WHERE f.released_at IS NULL AND f.chatroom_id IS NOT NULL AND f.created_at < now() - interval '1 day'
                    AND NOT EXISTS (SELECT FROM media.attachments WHERE file_id = f.id)
                    AND NOT EXISTS (SELECT FROM media.attachments WHERE source_id = f.id)
                ORDER BY f.created_at LIMIT 10000 FOR UPDATE SKIP LOCKED
                """)
            try await transaction.execute(
                """
                UPDATE media.files AS f SET released_at = statement_timestamp()
                WHERE f.id = ANY (\(old))
                    AND NOT EXISTS (SELECT FROM media.attachments WHERE file_id = f.id)
                    AND NOT EXISTS (SELECT FROM media.attachments WHERE source_id = f.id)
                """)
        }
    }
}

extension PostgresTransaction {
    /// Until the end of the transaction nobody else stores or frees this content.
    func lock(_ content: ContentHash) async throws {
        try await self.execute("SELECT pg_advisory_xact_lock(hashtextextended(\("teahouse.media.\(content)"), 0))")
    }
}
