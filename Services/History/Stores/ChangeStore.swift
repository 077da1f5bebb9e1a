import ChatAPI
import Foundation
import Postgres

/// Edits, recalls and reactions: each an entry of the log, beside what they do to the message.
///
/// As with messages, the lock on the chatroom's head comes first, in a statement of its own: whoever changes sees all that
/// was changed before, so that what changes nothing makes no entry.
struct ChangeStore: Sendable {
    let postgres: Postgres
    /// How long after sending one may recall one's own message.
    let recallWindow: Duration
    /// How long to wait for the lock.
    var patience = Duration.seconds(2)

    /// How many different reactions one person may have to one message.
    static let maxReactions: Int64 = 20

    /// `entry`: the one that tells of the change, if there was anything to change. `message`: as it is now.
    typealias Changed = (entry: Entry?, message: Entry)

    /// - Throws: ``HistoryError``: `chatroomNotFound` and `messageNotFound` for who may not see it, `forbidden`,
    ///   `messageRecalled`, `tooLateToRecall`, `tooManyReactions`.
    func apply(_ wish: MessageWish, to message: MessageID, by user: UserID) async throws -> Changed {
        let results = try await self.postgres.group([
            "SELECT set_config('lock_timeout', \(String(Int(self.patience / .milliseconds(1)))), true)",
            "SELECT FROM history.chatroom_heads WHERE chatroom_id = \(message.chatroom.rawValue) FOR NO KEY UPDATE",
            try self.change(message, by: user, as: wish),
            """
            SELECT \(Entry.columns), \(Entry.state) FROM history.entries AS e
            WHERE e.chatroom_id = \(message.chatroom.rawValue) AND e.seq = \(message.seq)
            """,
        ])
        guard let change = results[2].first else {
            throw PostgresError(code: .noRow, message: "a change without an outcome")
        }
        if let refusal: String = try change.get("refusal") {
            guard let error = HistoryError(rawValue: refusal) else {
                throw PostgresError(code: .decoding, message: "a refusal \(refusal)")
            }
            throw error
        }
        guard let now = results[3].first else { throw HistoryError.messageNotFound }
        return (
            entry: try change.get("seq") as Seq? == nil ? nil : try Entry(row: change),
            message: try Entry(rowWithState: now)
        )
    }

    /// What one wish asks of the statement they all share; `m` is the member who wishes, `e` the message.
    private struct Terms {
        var kind: MessageChangeKind
        var body: StoredChange
        /// Branches of a CASE that answer with a refusal.
        var refusals: SQL
        /// Whether there is anything to change.
        var changes: SQL
        /// What else is written where `entry` is.
        var effects: SQL
    }

    private func change(_ message: MessageID, by user: UserID, as wish: MessageWish) throws -> SQL {
        let terms =
            switch wish {
            case .edit(let content): Self.edit(message, by: user, to: content)
            case .recall: self.recall(message, by: user)
            case .react(let emoji): Self.react(message, by: user, with: emoji)
            case .unreact(let emoji): Self.unreact(message, by: user, with: emoji)
            }
        return """
            WITH place AS MATERIALIZED (
                SELECT e.seq AS target, e.sender_id, e.client_id, e.body,
                    CASE
                        WHEN m.from_seq IS NULL THEN 'chatroom_not_found'
                        WHEN e.seq IS NULL THEN 'message_not_found'
                        \(terms.refusals)
                    END AS refusal,
                    \(terms.changes) AS changes
                FROM (SELECT \(message.chatroom.rawValue)::bigint AS chatroom_id) AS a
                LEFT JOIN LATERAL (
                    SELECT from_seq, role,
                        NOT can_send OR coalesce(muted_until > statement_timestamp(), false) AS is_silent
                    FROM history.members
                    WHERE chatroom_id = a.chatroom_id AND user_id = \(user.rawValue) AND left_seq IS NULL
                ) AS m ON TRUE
                LEFT JOIN LATERAL (
                    SELECT chatroom_id, seq, sender_id, client_id, body, body ? 'recalled' AS is_recalled, edited_seq,
                        created_at
                    FROM history.entries
                    WHERE chatroom_id = a.chatroom_id AND seq = \(message.seq) AND seq >= m.from_seq
                        AND kind = 'message'
                ) AS e ON TRUE
            ), head AS (
                UPDATE history.chatroom_heads SET seq = seq + 1
                WHERE chatroom_id = \(message.chatroom.rawValue)
                    AND EXISTS (SELECT FROM place WHERE refusal IS NULL AND changes)
                RETURNING chatroom_id, seq, ordinal
            ), entry AS (
                INSERT INTO history.entries (chatroom_id, seq, ordinal, kind, target_seq, body)
                SELECT chatroom_id, seq, ordinal, \(terms.kind), \(message.seq),
                    \(try JSONText.encode(terms.body))::text::jsonb
                FROM head
                RETURNING \(Entry.stored)
            ), \(terms.effects)
            SELECT p.refusal, \(Entry.columns) FROM place AS p LEFT JOIN entry AS e ON TRUE
            """
    }

    private static func edit(_ message: MessageID, by user: UserID, to content: String) -> Terms {
        Terms(
            kind: .edit, body: StoredChange(content: content),
            refusals: """
                WHEN e.sender_id <> \(user.rawValue) THEN 'forbidden'
                WHEN e.is_recalled THEN 'message_recalled'
                WHEN m.is_silent THEN 'forbidden'
                """,
            changes: """
                \(content) IS DISTINCT FROM coalesce(
                    (
                        SELECT x.body ->> 'content' FROM history.entries AS x
                        WHERE x.chatroom_id = e.chatroom_id AND x.seq = e.edited_seq
                    ), e.body ->> 'content')
                """,
            effects: """
                moved AS (
                    UPDATE history.entries AS t SET edited_seq = entry.seq FROM entry
                    WHERE t.chatroom_id = \(message.chatroom.rawValue) AND t.seq = \(message.seq)
                )
                """)
    }

    /// A recall leaves the entry's place, its client id and its digest, and nothing of what it said.
    private func recall(_ message: MessageID, by user: UserID) -> Terms {
        let chatroom = message.chatroom.rawValue
        return Terms(
            kind: .recall, body: StoredChange(by: user),
            refusals: """
                WHEN m.role IN ('owner', 'admin') THEN NULL
                WHEN e.sender_id <> \(user.rawValue) THEN 'forbidden'
                WHEN e.is_recalled THEN NULL
                WHEN e.created_at < statement_timestamp() - \(self.recallWindow) THEN 'too_late_to_recall'
                """,
            changes: "NOT e.is_recalled",
            effects: """
                emptied AS (
                    UPDATE history.entries AS t
                    SET body = (t.body - 'media' - 'mentions') || '{"content":"","recalled":true}', edited_seq = NULL
                    FROM entry WHERE t.chatroom_id = \(chatroom) AND t.seq = \(message.seq)
                ), edits AS (
                    UPDATE history.entries AS t SET body = '{"content":""}'
                    FROM entry WHERE t.chatroom_id = \(chatroom) AND t.target_seq = \(message.seq) AND t.kind = 'edit'
                ), terms AS (
                    DELETE FROM history.search_terms AS s
                    USING entry WHERE s.chatroom_id = \(chatroom) AND s.seq = \(message.seq)
                ), reactions AS (
                    DELETE FROM history.reactions AS r
                    USING entry WHERE r.chatroom_id = \(chatroom) AND r.seq = \(message.seq)
                ), releases AS (
                    INSERT INTO history.media_releases (chatroom_id, seq, sender_id, client_id)
                    SELECT entry.chatroom_id, p.target, p.sender_id, p.client_id
                    FROM entry CROSS JOIN place AS p WHERE p.body ? 'media'
                )
                """)
    }

    private static func react(_ message: MessageID, by user: UserID, with emoji: Emoji) -> Terms {
        let mine = Self.reactions(to: message, of: user)
        return Terms(
            kind: .reaction, body: StoredChange(emoji: emoji.text, userId: user, added: true),
            refusals: """
                WHEN e.is_recalled THEN 'message_recalled'
                WHEN m.is_silent THEN 'forbidden'
                WHEN EXISTS (SELECT \(mine) AND emoji = \(emoji.text)) THEN NULL
                WHEN (SELECT count(*) \(mine)) >= \(self.maxReactions) THEN 'too_many_reactions'
                """,
            changes: "NOT EXISTS (SELECT \(mine) AND emoji = \(emoji.text))",
            effects: """
                reacted AS (
                    INSERT INTO history.reactions (chatroom_id, seq, emoji, user_id, entry_seq)
                    SELECT chatroom_id, \(message.seq), \(emoji.text), \(user.rawValue), seq FROM entry
                )
                """)
    }

    private static func unreact(_ message: MessageID, by user: UserID, with emoji: Emoji) -> Terms {
        let mine = Self.reactions(to: message, of: user)
        return Terms(
            kind: .reaction, body: StoredChange(emoji: emoji.text, userId: user, added: false),
            refusals: SQL(), changes: "EXISTS (SELECT \(mine) AND emoji = \(emoji.text))",
            effects: """
                reacted AS (
                    DELETE FROM history.reactions AS r USING entry
                    WHERE r.chatroom_id = \(message.chatroom.rawValue) AND r.seq = \(message.seq)
                        AND r.emoji = \(emoji.text) AND r.user_id = \(user.rawValue)
                )
                """)
    }

    private static func reactions(to message: MessageID, of user: UserID) -> SQL {
        """
        FROM history.reactions
        WHERE chatroom_id = \(message.chatroom.rawValue) AND seq = \(message.seq) AND user_id = \(user.rawValue)
        """
    }
}
