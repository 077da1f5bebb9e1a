import ChatAPI
import Foundation
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
    /// stands for them any more.
    func settle(_ content: ContentHash) async throws {
        try await self.postgres.transaction { transaction in
            try await transaction.lock(content)
            try await transaction.execute(
                """
                WITH settled AS (
                    UPDATE media.files SET settled_at = statement_timestamp()
                    WHERE sha256 = \(content.bytes) AND released_at IS NOT NULL AND settled_at IS NULL
                    RETURNING owner_id, charged),
                counted AS (SELECT owner_id, sum(charged)::bigint AS bytes FROM settled GROUP BY owner_id)
                UPDATE media.usage AS u SET bytes = greatest(0, u.bytes - c.bytes)
                FROM counted AS c WHERE u.user_id = c.owner_id
                """)
            try await transaction.execute(
                """
                UPDATE media.blobs AS b SET freed_at = statement_timestamp()
                WHERE b.sha256 = \(content.bytes) AND b.freed_at IS NULL AND NOT EXISTS (
                    SELECT FROM media.files AS f WHERE f.sha256 = b.sha256 AND f.released_at IS NULL)
                """)
        }
    }

    /// Copies whose bytes are to be removed, those freed first first.
    func freedCopies(limit: Int) async throws -> [String] {
        try await self.postgres.all(
            """
            SELECT copy FROM media.blobs WHERE freed_at IS NOT NULL AND copy IS NOT NULL
            ORDER BY freed_at LIMIT \(limit)
            """)
    }

    /// The bytes of a copy are gone.
    func forget(_ copy: String) async throws {
        try await self.postgres.execute(
            "UPDATE media.blobs SET copy = NULL WHERE copy = \(copy) AND freed_at IS NOT NULL")
    }

    /// Which of these copies have a row.
    func known(among copies: [String]) async throws -> Set<String> {
        let known: [String] = try await self.postgres.all(
            "SELECT copy FROM media.blobs WHERE copy = ANY (\(copies))")
        return Set(known)
    }

    /// Messages that were given a file more than `age` ago, and of which it is not known whether they were ever stored.
    func unconfirmed(olderThan age: Duration, limit: Int) async throws -> [ReleaseMedia.Item] {
        let rows: [(ChatroomID, UserID, UUID)] = try await self.postgres.all(
            """
            SELECT chatroom_id, sender_id, client_id FROM media.attachments
            WHERE confirmed_at IS NULL AND released_at IS NULL AND attached_at < statement_timestamp() - \(age)
            ORDER BY attached_at LIMIT \(limit)
            """)
        return rows.map { ReleaseMedia.Item(chatroomId: $0.0, senderId: $0.1, clientId: $0.2) }
    }

    /// These messages are stored, and will be told of when they are no more.
    func confirm(_ messages: [ReleaseMedia.Item]) async throws {
        try await self.postgres.execute(
            """
            UPDATE media.attachments AS a SET confirmed_at = statement_timestamp()
            FROM \(Self.table(messages)) WHERE \(Self.isOne)
            """)
    }

    /// These messages were never stored: what they were given is nobody's, and goes as what was never sent. One that is
    /// being sent again just now was attached anew, and stays.
    func detach(_ messages: [ReleaseMedia.Item], olderThan age: Duration) async throws {
        try await self.postgres.execute(
            """
            DELETE FROM media.attachments AS a USING \(Self.table(messages))
            WHERE \(Self.isOne) AND a.attached_at < statement_timestamp() - \(age)
            """)
    }

    private static func table(_ messages: [ReleaseMedia.Item]) -> SQL {
        """
        unnest(
            \(messages.map(\.chatroomId))::bigint[], \(messages.map(\.senderId))::bigint[],
            \(messages.map(\.clientId))::uuid[]
        ) AS m (chatroom_id, sender_id, client_id)
        """
    }

    private static let isOne: SQL =
        "a.chatroom_id = m.chatroom_id AND a.sender_id = m.sender_id AND a.client_id = m.client_id"

    /// Releases files that were uploaded for a chatroom more than `age` ago and that no message holds, nor was forwarded one.
    func releaseOrphans(olderThan age: Duration) async throws {
        try await self.postgres.transaction { transaction in
            // Locked first and looked at again then: a message may just have been given one.
            let old: [MediaID] = try await transaction.all(
                """
                SELECT id FROM media.files AS f
                WHERE f.released_at IS NULL AND f.chatroom_id IS NOT NULL
                    AND f.created_at < statement_timestamp() - \(age)
                    AND NOT EXISTS (SELECT FROM media.attachments WHERE file_id = f.id AND released_at IS NULL)
                    AND NOT EXISTS (SELECT FROM media.attachments WHERE source_id = f.id AND released_at IS NULL)
                ORDER BY f.created_at LIMIT 10000 FOR UPDATE SKIP LOCKED
                """)
            try await transaction.execute(
                """
                UPDATE media.files AS f SET released_at = statement_timestamp()
                WHERE f.id = ANY (\(old))
                    AND NOT EXISTS (SELECT FROM media.attachments WHERE file_id = f.id AND released_at IS NULL)
                    AND NOT EXISTS (SELECT FROM media.attachments WHERE source_id = f.id AND released_at IS NULL)
                """)
        }
    }
}

extension PostgresTransaction {
    /// Until the end of the transaction nobody else records or frees this content.
    func lock(_ content: ContentHash) async throws {
        try await self.execute("SELECT pg_advisory_xact_lock(hashtextextended(\("teahouse.media.\(content)"), 0))")
    }
}
