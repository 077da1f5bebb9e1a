import ChatAPI
import Foundation
import Postgres

/// Messages of one chatroom, page by page, as one of its members sees them.
struct PageStore: Sendable {
    let postgres: any PostgresQuerying

    /// A page, ascending, and the head in the same snapshot.
    ///
    /// - Throws: ``HistoryError/chatroomNotFound`` for who is not in the chatroom now.
    func page(
        of chatroom: ChatroomID, at place: PagePlace, limit: Int, for user: UserID
    ) async throws -> (messages: [Entry], head: Seq) {
        let rows: [PageRow] = try await self.postgres.all(Self.page(of: chatroom, at: place, limit: limit, for: user))
        guard let first = rows.first else { throw HistoryError.chatroomNotFound }
        return (rows.compactMap(\.entry), first.head)
    }

    /// One message, if the user may see it.
    func message(_ id: MessageID, for user: UserID) async throws -> Entry? {
        do {
            let page = try await self.page(of: id.chatroom, at: .around(id.seq), limit: 1, for: user)
            return page.messages.first { $0.seq == id.seq }
        } catch HistoryError.chatroomNotFound {
            return nil
        }
    }

    static func page(of chatroom: ChatroomID, at place: PagePlace, limit: Int, for user: UserID) -> SQL {
        """
        SELECT h.seq AS head, \(Entry.columns), \(Entry.state)
        FROM history.members AS m JOIN history.chatroom_heads AS h ON h.chatroom_id = m.chatroom_id
        LEFT JOIN LATERAL (\(Self.messages(at: place, limit: limit))) AS e ON TRUE
        WHERE m.chatroom_id = \(chatroom.rawValue) AND m.user_id = \(user.rawValue) AND m.left_seq IS NULL
        ORDER BY e.seq
        """
    }

    private static func messages(at place: PagePlace, limit: Int) -> SQL {
        let visible: SQL = """
            SELECT \(Entry.stored) FROM history.entries
            WHERE chatroom_id = m.chatroom_id AND seq >= m.from_seq AND kind = 'message'
            """
        switch place {
        case .newest:
            return "\(visible) ORDER BY seq DESC LIMIT \(limit)"
        case .before(let seq):
            return "\(visible) AND seq < \(seq) ORDER BY seq DESC LIMIT \(limit)"
        case .after(let seq):
            return "\(visible) AND seq > \(seq) ORDER BY seq LIMIT \(limit)"
        case .around(let seq):
            return """
                (\(visible) AND seq <= \(seq) ORDER BY seq DESC LIMIT \(limit - limit / 2))
                UNION ALL (\(visible) AND seq > \(seq) ORDER BY seq LIMIT \(limit / 2))
                """
        }
    }
}

private struct PageRow: PostgresRowDecodable {
    let head: Seq
    let entry: Entry?

    init(row: PostgresRow) throws(PostgresError) {
        self.head = try row.get("head")
        self.entry = try row.get("seq") as Seq? == nil ? nil : Entry(rowWithState: row)
    }
}
