import ChatAPI
import Foundation
import Postgres
import ServiceKit
import Synchronization
import Testing
import TestServers

@testable import History

extension UserID {
    static let alice = UserID(1)
    static let bob = UserID(2)
    static let carol = UserID(3)
    static let mallory = UserID(66)
}

extension ChatroomID {
    static let lobby = ChatroomID(10)
    static let cellar = ChatroomID(11)
}

/// History's stores on a database of their own, and Social's feed played by the test.
struct HistoryFixture: Sendable {
    let postgres: Postgres
    private let feed = FeedCounter()

    var entries: EntryStore { EntryStore(postgres: self.postgres) }
    var memberships: MembershipStore { MembershipStore(postgres: self.postgres) }
    var heads: HeadStore { HeadStore(postgres: self.postgres) }
    var ranges: RangeStore { RangeStore(postgres: self.postgres) }
    var pages: PageStore { PageStore(postgres: self.postgres) }
    var chatList: ChatListStore { ChatListStore(postgres: self.postgres) }
    var cursors: ReadCursorStore { ReadCursorStore(postgres: self.postgres) }
    var changes: ChangeStore { ChangeStore(postgres: self.postgres, recallWindow: .seconds(120)) }
    var searches: SearchStore { SearchStore(postgres: self.postgres) }
    var index: SearchIndexStore { SearchIndexStore(postgres: self.postgres) }
    var favorites: FavoriteStore { FavoriteStore(postgres: self.postgres) }

    /// - Parameter connections: how many statements run at once.
    static func with(connections: Int = 2, _ body: (HistoryFixture) async throws -> Void) async throws {
        try await withPostgres(
            schema: "history", migrations: HistoryService.migrations, configure: { $0.connections = connections }
        ) { postgres in
            try await body(HistoryFixture(postgres: postgres))
        }
    }

    /// The next change of Social's feed.
    @discardableResult
    func change(_ what: SocialChange) async throws -> Entry? {
        let change = Change(position: self.feed.next(), what: what)
        guard case .now(let entry) = try await self.memberships.apply(change) else {
            Issue.record("the change at \(change.position) was not applied")
            return nil
        }
        return entry
    }

    /// A chatroom without an entry.
    func direct(_ chatroom: ChatroomID = .lobby, _ members: UserID...) async throws {
        try await self.change(.directCreated(chatroom: chatroom, members: members))
    }

    /// - Returns: the entry, if anything changed.
    @discardableResult
    func wish(
        _ wish: MessageWish, for seq: Seq, by user: UserID = .alice, in chatroom: ChatroomID = .lobby
    ) async throws -> Entry? {
        try await self.changes.apply(wish, to: MessageID(chatroom: chatroom, seq: seq), by: user).entry
    }

    /// The newest messages as a member sees them now.
    func page(of chatroom: ChatroomID = .lobby, for user: UserID = .bob) async throws -> [Message] {
        try await self.pages.page(of: chatroom, at: .newest, limit: 100, for: user).messages
            .compactMap { $0.message(senders: [:]) }
    }

    /// All of a log as it is replayed, each entry as its event.
    func replay(_ chatroom: ChatroomID = .lobby) async throws -> [String] {
        try await self.ranges.entries(in: [LogPart(chatroom: chatroom, after: 0, upTo: 1_000)])[0]
            .map { try $0.busEntry(senders: [:]).text }
    }

    @discardableResult
    func send(
        _ text: String, from sender: UserID = .alice, to chatroom: ChatroomID = .lobby, clientId: UUID = UUID(),
        replyTo: Seq? = nil, mentions: [UserID]? = nil
    ) async throws -> AppendOutcome {
        let body = MessageBody(type: .text, content: text, replyTo: replyTo, mentions: mentions)
        return try await self.entries.append([.text(body, from: sender, to: chatroom, clientId: clientId)])[0]
    }
}

private final class FeedCounter: Sendable {
    private let last = Atomic<Int64>(0)
    func next() -> Int64 { self.last.wrappingAdd(1, ordering: .relaxed).newValue }
}

extension PreparedDraft {
    static func text(
        _ body: MessageBody, from sender: UserID = .alice, to chatroom: ChatroomID = .lobby, clientId: UUID = UUID()
    ) throws -> PreparedDraft {
        let item = AppendMessages.Item(senderId: sender, chatroomId: chatroom, clientId: clientId, message: body)
        return try PreparedDraft(MessageDraft(item, by: MessageRules(maxCharacters: 4_000)), media: nil)
    }

    static func text(
        _ text: String, from sender: UserID = .alice, to chatroom: ChatroomID = .lobby, clientId: UUID = UUID()
    ) throws -> PreparedDraft {
        try Self.text(MessageBody(type: .text, content: text), from: sender, to: chatroom, clientId: clientId)
    }
}

extension AppendOutcome {
    var seq: Seq? { if case .stored(let seq, _, _, _) = self { seq } else { nil } }
    var ordinal: Int64? { if case .stored(_, let ordinal, _, _) = self { ordinal } else { nil } }
    var refusal: HistoryError? { if case .refused(let error) = self { error } else { nil } }
}

extension Entry {
    var text: String? { if case .message(let stored, _, _) = self.content { stored.content } else { nil } }
}
