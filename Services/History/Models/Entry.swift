import ChatAPI
import Foundation

/// One entry of a chatroom's log, as it is stored.
struct Entry: Hashable, Sendable {
    enum Content: Hashable, Sendable {
        case message(StoredMessage, sender: UserID, clientId: UUID)
        case change(MessageChangeKind, target: Seq, StoredChange)
        case system(StoredSystemChange)
    }

    let chatroom: ChatroomID
    let seq: Seq
    let ordinal: Int64
    let content: Content
    let createdAt: Timestamp
    /// Of a message, where it was read as it is now and not as it was sent.
    var state: MessageState?

    var id: MessageID { MessageID(chatroom: self.chatroom, seq: self.seq) }

    /// Whose profile stands beside the entry.
    var sender: UserID? {
        if case .message(_, let sender, _) = self.content { sender } else { nil }
    }

    /// The message with its sender's profile; `nil` where the entry is none.
    func message(senders: [UserID: Sender]) -> Message? {
        guard case .message(let stored, let sender, let clientId) = self.content else { return nil }
        return self.message(stored, sender, clientId, senders)
    }

    private func message(
        _ stored: StoredMessage, _ sender: UserID, _ clientId: UUID, _ senders: [UserID: Sender]
    ) -> Message {
        var message = Message(
            id: self.id, ordinal: self.ordinal, type: stored.type, content: self.state?.content ?? stored.content,
            media: stored.media, replyTo: stored.replyTo, mentions: stored.mentions,
            sender: senders[sender] ?? Sender(Profile(id: sender, username: "", nickname: "")), clientId: clientId,
            createdAt: self.createdAt)
        message.recalled = stored.recalled
        message.editedAt = self.state?.editedAt
        message.reactions = self.state.flatMap { $0.reactions.isEmpty ? nil : $0.reactions }
        return message
    }

    /// The entry as it goes on the bus. The event's text is made here and nowhere else: live, in replay and by `/sync`
    /// it is the same.
    func busEntry(senders: [UserID: Sender]) throws -> BusEntry {
        switch self.content {
        case .message(let stored, let sender, let clientId):
            var event = JSONBytes(capacity: stored.content.utf8.count + 384)
            event.raw("[\"message\",")
            try event.message(self.message(stored, sender, clientId, senders))
            event.raw("]")
            return BusEntry(seq: self.seq, event: event.text[...])
        case .change(let kind, let target, let stored):
            var change = MessageChange(id: self.id, kind: kind, target: target, createdAt: self.createdAt)
            change.content = stored.content
            change.by = stored.by
            change.emoji = stored.emoji
            change.userId = stored.userId
            change.added = stored.added
            return BusEntry(seq: self.seq, event: try EventText.make("change", change)[...])
        case .system(let stored):
            let change = SystemChange(
                id: self.id, action: stored.action, userId: stored.userId, by: stored.by, name: stored.name)
            return BusEntry(seq: self.seq, passage: stored.passage, event: try EventText.make("change", change)[...])
        }
    }
}

/// A Socket.IO event array as text.
enum EventText {
    static func make(_ event: String, _ payload: some Encodable) throws -> String {
        "[\"\(event)\",\(String(decoding: try JSONText.encoder.encode(payload), as: UTF8.self))]"
    }
}

/// JSON as History writes it: keys in one order, so that the same value is the same bytes.
enum JSONText {
    static let encoder: JSONEncoder = {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }()

    static func encode(_ value: some Encodable) throws -> String {
        String(decoding: try self.encoder.encode(value), as: UTF8.self)
    }

    static func decode<T: Decodable>(_ type: T.Type, from text: String) throws -> T {
        try JSONDecoder().decode(type, from: Data(text.utf8))
    }
}
