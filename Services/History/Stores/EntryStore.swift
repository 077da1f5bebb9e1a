import ChatAPI
import Foundation
import Postgres

/// The log: appending messages to it.
///
/// Two batches that append to one chatroom meet in the lock on its head, so any number of instances may append at once;
/// it is fast while they do not meet (see ``MessageAppender``).
struct EntryStore: Sendable {
    let postgres: Postgres
    /// How long a batch waits for a lock; well below a statement's own time limit, so that the two can be told apart.
    var patience = Duration.seconds(2)

    /// Stores a batch in one transaction: all new messages of it, or, on an error, none.
    ///
    /// The lock is a statement of its own, before the append: the append's snapshot is then younger than the lock and
    /// sees what the batch before it has stored. As one statement, a client id sent twice at once would make a hole or
    /// abort the batch.
    ///
    /// - Returns: one outcome for each draft, in order.
    func append(_ drafts: [PreparedDraft]) async throws(PostgresError) -> [AppendOutcome] {
        let chatrooms = drafts.map { $0.draft.chatroom.rawValue }
        let results = try await self.postgres.group([
            Self.limit(self.patience), Self.lock(chatrooms), Self.append(drafts, to: chatrooms),
        ])
        return try results[2].decode()
    }

    /// Holds until the end of the transaction.
    private static func limit(_ patience: Duration) -> SQL {
        "SELECT set_config('lock_timeout', \(String(Int(patience / .milliseconds(1)))), true)"
    }

    /// Takes the locks in one order everywhere, so that nobody waits in a circle. A chatroom without a head has no
    /// members either: nothing can be appended there, and nobody can make rows by naming chatrooms that do not exist.
    ///
    /// One after the other, each in its partition: `= ANY` would look for every chatroom in all of them.
    private static func lock(_ chatrooms: [Int64]) -> SQL {
        """
        SELECT h.chatroom_id FROM unnest(\(Set(chatrooms).sorted())::bigint[]) AS i (id)
        CROSS JOIN LATERAL (
            SELECT chatroom_id FROM history.chatroom_heads WHERE chatroom_id = i.id FOR NO KEY UPDATE
        ) AS h
        """
    }

    /// `input`: where the chatroom's log is, and what the client id has stored before, or else why the message is refused.
    /// `numbered`: each client id that remains once, with its place in the log. A send moves the sender's own read cursor.
    ///
    /// Every row is looked up by itself and numbered by windows, nothing is joined: with a number of rows that the planner
    /// does not know, it would join each with each.
    private static func append(_ drafts: [PreparedDraft], to chatrooms: [Int64]) -> SQL {
        let targets = drafts.map { $0.draft.body.replyTo ?? 0 }
        // To look into 16 partitions has its price, before the first row is looked up; few messages are replies.
        let (target, lacksTarget): (SQL, SQL) =
            targets.contains { $0 > 0 }
            ? (
                """
                LEFT JOIN LATERAL (
                    SELECT seq FROM history.entries
                    WHERE i.reply_to > 0 AND chatroom_id = i.chatroom_id AND seq = i.reply_to AND seq >= m.from_seq
                        AND kind = 'message'
                    LIMIT 1
                ) AS r ON TRUE
                """, "i.reply_to > 0 AND r.seq IS NULL"
            ) : ("", "FALSE")
        return """
            WITH input AS MATERIALIZED (
                SELECT i.n, i.chatroom_id, i.sender_id, i.client_id, i.digest, i.body,
                    h.seq AS head_seq, h.ordinal AS head_ordinal, e.seq AS stored_seq, e.ordinal AS stored_ordinal,
                    e.digest AS stored_digest, e.body AS stored_body, e.created_at AS stored_at,
                    CASE
                        WHEN e.seq IS NOT NULL THEN NULL
                        WHEN m.from_seq IS NULL THEN 'chatroom_not_found'
                        WHEN NOT m.can_send OR m.muted_until > statement_timestamp() THEN 'forbidden'
                        WHEN \(lacksTarget) THEN 'message_not_found'
                    END AS refusal
                FROM unnest(
                    \(chatrooms)::bigint[], \(drafts.map { $0.draft.sender.rawValue })::bigint[],
                    \(drafts.map { $0.draft.clientId })::uuid[], \(drafts.map { $0.draft.digest })::bytea[],
                    \(drafts.map { $0.body })::text[], \(targets)::bigint[]
                ) WITH ORDINALITY AS i (chatroom_id, sender_id, client_id, digest, body, reply_to, n)
                LEFT JOIN LATERAL (
                    SELECT seq, ordinal FROM history.chatroom_heads WHERE chatroom_id = i.chatroom_id
                    LIMIT 1
                ) AS h ON TRUE
                LEFT JOIN LATERAL (
                    SELECT seq, ordinal, digest, body, created_at FROM history.entries
                    WHERE chatroom_id = i.chatroom_id AND sender_id = i.sender_id AND client_id = i.client_id
                    LIMIT 1
                ) AS e ON TRUE
                LEFT JOIN LATERAL (
                    SELECT from_seq, can_send, muted_until FROM history.members
                    WHERE chatroom_id = i.chatroom_id AND user_id = i.sender_id AND left_seq IS NULL
                    LIMIT 1
                ) AS m ON TRUE
                \(target)
            ), told_apart AS (
                SELECT *, stored_seq IS NULL AND refusal IS NULL AND row_number() OVER (
                    PARTITION BY chatroom_id, sender_id, client_id, stored_seq IS NULL AND refusal IS NULL ORDER BY n
                ) = 1 AS is_new
                FROM input
            ), numbered AS MATERIALIZED (
                SELECT t.*, head_seq + count(*) FILTER (WHERE is_new) OVER earlier AS new_seq,
                    head_ordinal + count(*) FILTER (WHERE is_new) OVER earlier AS new_ordinal
                FROM told_apart AS t
                WINDOW earlier AS (PARTITION BY chatroom_id ORDER BY n)
            ), heads AS (
                UPDATE history.chatroom_heads AS h SET seq = h.seq + c.steps, ordinal = h.ordinal + c.steps
                FROM (SELECT chatroom_id, count(*) AS steps FROM numbered WHERE is_new GROUP BY chatroom_id) AS c
                WHERE h.chatroom_id = c.chatroom_id
            ), stored AS (
                INSERT INTO history.entries
                    (chatroom_id, seq, ordinal, sender_id, client_id, digest, kind, body, created_at)
                SELECT chatroom_id, new_seq, new_ordinal, sender_id, client_id, digest, 'message', body::jsonb,
                    statement_timestamp()
                FROM numbered WHERE is_new ORDER BY n
            ), cursors AS (
                INSERT INTO history.read_cursors AS c (chatroom_id, user_id, seq, ordinal)
                SELECT chatroom_id, sender_id, max(new_seq), max(new_ordinal) FROM numbered WHERE is_new
                GROUP BY chatroom_id, sender_id ORDER BY chatroom_id, sender_id
                ON CONFLICT (chatroom_id, user_id) DO UPDATE
                SET seq = excluded.seq, ordinal = excluded.ordinal, read_at = excluded.read_at
                WHERE c.seq < excluded.seq
            )
            SELECT refusal, coalesce(stored_digest, first_value(digest) OVER same) <> digest AS conflict,
                coalesce(stored_seq, first_value(new_seq) OVER same) AS seq,
                coalesce(stored_ordinal, first_value(new_ordinal) OVER same) AS ordinal,
                coalesce(stored_at, statement_timestamp()::timestamptz(3)) AS created_at, stored_body::text AS stored_body
            FROM numbered
            WINDOW same AS (PARTITION BY chatroom_id, sender_id, client_id, refusal IS NULL ORDER BY n)
            ORDER BY n
            """
    }
}
