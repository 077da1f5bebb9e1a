import ChatAPI
import Foundation
import Postgres

extension UserID: PostgresNewtype {}
extension ChatroomID: PostgresNewtype {}
extension Role: PostgresNewtype {}
extension MessageChangeKind: PostgresNewtype {}

extension Entry: PostgresRowDecodable {
    /// What is read of `history.entries` for an ``Entry``, from a table or subquery named `e`.
    static let columns: SQL = """
        e.chatroom_id, e.seq, e.ordinal, e.sender_id, e.client_id, e.kind, e.target_seq, e.body::text AS body,
        e.created_at
        """

    /// The same columns as they stand in `history.entries`, for the subquery named `e`; with what ``state`` needs.
    static let stored: SQL = """
        chatroom_id, seq, ordinal, sender_id, client_id, kind, target_seq, edited_seq, body, created_at
        """

    /// What a message has become, beside its ``columns``.
    static let state: SQL = """
        (
            SELECT x.body ->> 'content' FROM history.entries AS x
            WHERE x.chatroom_id = e.chatroom_id AND x.seq = e.edited_seq
        ) AS edited_content, (
            SELECT x.created_at FROM history.entries AS x
            WHERE x.chatroom_id = e.chatroom_id AND x.seq = e.edited_seq
        ) AS edited_at, (
            SELECT jsonb_agg(jsonb_build_object('emoji', r.emoji, 'userIds', r.users) ORDER BY r.since)
            FROM (
                SELECT emoji, jsonb_agg(user_id ORDER BY entry_seq) AS users, min(entry_seq) AS since
                FROM history.reactions WHERE chatroom_id = e.chatroom_id AND seq = e.seq GROUP BY emoji
            ) AS r
        ) AS reactions
        """

    /// A row of ``columns`` and ``state``.
    init(rowWithState row: PostgresRow) throws(PostgresError) {
        try self.init(row: row)
        self.state = MessageState(
            editedAt: (try row.get("edited_at") as Date?).map { Timestamp($0) },
            content: try row.get("edited_content"),
            reactions: try (row.get("reactions") as JSON?)?.decode() ?? [])
    }

    /// A row of ``columns``: a message as it was sent, but without its content where it was recalled.
    init(row: PostgresRow) throws(PostgresError) {
        let kind: String = try row.get("kind")
        let body: String = try row.get("body")
        let content: Content
        do {
            switch kind {
            case "message":
                content = .message(
                    try StoredMessage.reading(body), sender: try row.get("sender_id"),
                    clientId: try row.get("client_id"))
            case "edit", "recall", "reaction":
                content = .change(
                    try row.get("kind"), target: try row.get("target_seq"),
                    try JSONText.decode(StoredChange.self, from: body))
            case "system":
                content = .system(try JSONText.decode(StoredSystemChange.self, from: body))
            default:
                throw PostgresError(code: .decoding, message: "an entry of kind \(kind)")
            }
        } catch let error as PostgresError {
            throw error
        } catch {
            throw PostgresError(code: .decoding, message: "the body of an entry of kind \(kind): \(error)")
        }
        self.init(
            chatroom: try row.get("chatroom_id"), seq: try row.get("seq"), ordinal: try row.get("ordinal"),
            content: content, createdAt: Timestamp(try row.get("created_at") as Date))
    }
}

extension AppendOutcome: PostgresRowDecodable {
    init(row: PostgresRow) throws(PostgresError) {
        if let refusal: String = try row.get("refusal") {
            guard let error = HistoryError(rawValue: refusal) else {
                throw PostgresError(code: .decoding, message: "a refusal \(refusal)")
            }
            self = .refused(error)
        } else if try row.get("conflict") as Bool {
            self = .refused(.clientIdConflict)
        } else {
            self = .stored(
                seq: try row.get("seq"), ordinal: try row.get("ordinal"),
                createdAt: Timestamp(try row.get("created_at") as Date),
                earlier: try Self.message(row.get("stored_body")))
        }
    }
    private static func message(_ body: String?) throws(PostgresError) -> StoredMessage? {
        guard let body else { return nil }
        do {
            return try StoredMessage.reading(body)
        } catch {
            throw PostgresError(code: .decoding, message: "the body of a message: \(error)")
        }
    }
}
