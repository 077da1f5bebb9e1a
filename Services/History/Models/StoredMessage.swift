import ChatAPI
import Foundation
import ServiceKit

/// What `entries.body` holds for a message: what does not follow from the entry's other columns.
struct StoredMessage: Codable, Hashable, Sendable {
    var type: MessageType
    var content: String
    var media: MediaFile?
    var replyTo: Seq?
    var mentions: [UserID]?
    /// True, or left out; then content, media and mentions are gone.
    var recalled: Bool?

    init(_ body: MessageBody, media: MediaFile?) {
        self.type = body.type
        self.content = body.content
        self.media = media
        self.replyTo = body.replyTo
        self.mentions = body.mentions
    }
}

extension StoredMessage {
    /// Reads what PostgreSQL writes of a `jsonb`: a space behind each colon and comma, each key once. Files and recalls, which
    /// few messages have, are left to the decoder, and so is all that is not of that form.
    static func reading(_ text: String) throws -> StoredMessage {
        var reader = JSONReader(Array(text.utf8))
        return try Self(reading: &reader) ?? JSONText.decode(StoredMessage.self, from: text)
    }

    private init?(reading text: inout JSONReader) {
        var type: MessageType?
        var content: String?
        guard text.take("{") else { return nil }
        repeat {
            _ = text.take(" ")
            guard let key = text.string(), text.take(": ") else { return nil }
            switch key {
            case "type":
                guard let value = text.string().flatMap({ MessageType(rawValue: $0) }) else { return nil }
                type = value
            case "content":
                guard let value = text.string() else { return nil }
                content = value
            case "replyTo":
                guard let value = text.integer() else { return nil }
                self.replyTo = value
            case "mentions":
                guard let value = text.users() else { return nil }
                self.mentions = value
            default: return nil
            }
        } while text.take(",")
        guard text.take("}"), text.isAtEnd, let type, let content else { return nil }
        (self.type, self.content) = (type, content)
    }
}

/// What `entries.body` holds for a change of a message.
struct StoredChange: Codable, Hashable, Sendable {
    /// Of an edit. The content of each edit is kept until the message is recalled.
    var content: String?
    /// Of a recall.
    var by: UserID?
    /// Of a reaction.
    var emoji: String?
    var userId: UserID?
    var added: Bool?
}

/// What became of a message by the entries after it.
struct MessageState: Hashable, Sendable {
    var editedAt: Timestamp?
    /// As it was last edited.
    var content: String?
    var reactions: [Reaction]
}

/// What `entries.body` holds for a system entry.
struct StoredSystemChange: Codable, Hashable, Sendable {
    var action: SystemAction
    var userId: UserID?
    var by: UserID?
    var name: String?

    init(_ action: SystemAction, userId: UserID? = nil, by: UserID? = nil, name: String? = nil) {
        self.action = action
        self.userId = userId
        self.by = by
        self.name = name
    }

    /// Whom the entry lets in or out.
    var passage: BusEntry.Passage? {
        switch self.action {
        case .created: self.by.map { .enters($0) }
        case .added: self.userId.map { .enters($0) }
        case .removed, .left: self.userId.map { .leaves($0) }
        case .renamed, .dissolved: nil
        }
    }
}
