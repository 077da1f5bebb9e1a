import ChatAPI
import Foundation

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
