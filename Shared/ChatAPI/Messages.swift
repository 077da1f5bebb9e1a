import Foundation

package enum MessageType: String, Codable, Sendable {
    case text, image, file
}

/// What a person says, as they send it.
package struct MessageBody: Codable, Hashable, Sendable {
    package var type: MessageType
    /// May be empty for an image or a file.
    package var content: String
    package var mediaId: MediaID?
    package var replyTo: Seq?
    package var mentions: [UserID]?

    package init(
        type: MessageType, content: String, mediaId: MediaID? = nil, replyTo: Seq? = nil, mentions: [UserID]? = nil
    ) {
        self.type = type
        self.content = content
        self.mediaId = mediaId
        self.replyTo = replyTo
        self.mentions = mentions
    }
}

/// The payload of `sendMessage`. A repeated `clientId` of one sender in one chatroom names the same message, for ever.
package struct SendMessage: Codable, Sendable {
    package var chatroomId: ChatroomID
    package var clientId: UUID
    package var message: MessageBody

    package init(chatroomId: ChatroomID, clientId: UUID, message: MessageBody) {
        self.chatroomId = chatroomId
        self.clientId = clientId
        self.message = message
    }
}

/// The acknowledgement of `sendMessage`, given only after the message is committed.
package struct MessageReceipt: Codable, Hashable, Sendable {
    package var id: MessageID
    package var seq: Seq
    package var createdAt: Timestamp

    package init(id: MessageID, seq: Seq, createdAt: Timestamp) {
        self.id = id
        self.seq = seq
        self.createdAt = createdAt
    }
}

/// An uploaded file, as its upload was answered and as a message carries it.
package struct MediaFile: Codable, Hashable, Sendable {
    package var id: MediaID
    /// Path at the edge: `/api/media/files/<id>/<name>`.
    package var url: String
    package var name: String
    /// The sniffed media type, never the one that was claimed.
    package var type: String
    /// Bytes.
    package var size: Int64
    /// Pixels, for images.
    package var width: Int?
    package var height: Int?
    package var thumbnail: String?

    package init(
        id: MediaID, url: String, name: String, type: String, size: Int64, width: Int? = nil, height: Int? = nil,
        thumbnail: String? = nil
    ) {
        self.id = id
        self.url = url
        self.name = name
        self.type = type
        self.size = size
        self.width = width
        self.height = height
        self.thumbnail = thumbnail
    }
}

/// The payload of the event `message`, and with its last fields a message of a page, of search and of favorites.
package struct Message: Codable, Hashable, Sendable {
    package var id: MessageID
    package var chatroomId: ChatroomID
    package var seq: Seq
    package var ordinal: Int64
    package var type: MessageType
    package var content: String
    package var media: MediaFile?
    package var replyTo: Seq?
    package var mentions: [UserID]?
    package var sender: Sender
    @Lowercase package var clientId: UUID
    package var createdAt: Timestamp
    package var editedAt: Timestamp?
    /// True, or left out: then there is neither content nor media.
    package var recalled: Bool?
    /// In the order in which each emoji was first given.
    package var reactions: [Reaction]?

    package init(
        id: MessageID, ordinal: Int64, type: MessageType, content: String, media: MediaFile? = nil,
        replyTo: Seq? = nil, mentions: [UserID]? = nil, sender: Sender, clientId: UUID, createdAt: Timestamp
    ) {
        self.id = id
        self.chatroomId = id.chatroom
        self.seq = id.seq
        self.ordinal = ordinal
        self.type = type
        self.content = content
        self.media = media
        self.replyTo = replyTo
        self.mentions = mentions
        self.sender = sender
        self._clientId = Lowercase(wrappedValue: clientId)
        self.createdAt = createdAt
    }
}

/// A UUID that is written in lower case (RFC 9562 §4): clients find their own message by comparing text with what they
/// sent, and Foundation writes capitals.
@propertyWrapper
package struct Lowercase: Codable, Hashable, Sendable {
    package var wrappedValue: UUID

    package init(wrappedValue: UUID) { self.wrappedValue = wrappedValue }

    package init(from decoder: any Decoder) throws {
        self.wrappedValue = try decoder.singleValueContainer().decode(UUID.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.wrappedValue.uuidString.lowercased())
    }
}

/// Who has reacted to a message with one emoji, in the order in which they did.
package struct Reaction: Codable, Hashable, Sendable {
    package var emoji: String
    package var userIds: [UserID]

    package init(emoji: String, userIds: [UserID]) {
        self.emoji = emoji
        self.userIds = userIds
    }
}

/// What can happen to a message after it was sent.
package enum MessageChangeKind: String, Codable, Sendable {
    case edit, recall, reaction
}

/// The payload of the event `change` of the kinds `edit`, `recall` and `reaction`, in its place in the log. It says how
/// things are from there on, whatever they were before.
package struct MessageChange: Codable, Hashable, Sendable {
    package var id: MessageID
    package var chatroomId: ChatroomID
    package var seq: Seq
    package var kind: MessageChangeKind
    /// The message that is changed.
    package var target: Seq
    /// Of an edit; empty where the message was recalled later.
    package var content: String?
    /// Who has recalled.
    package var by: UserID?
    /// Of a reaction: `userId` reacts with it, or, where not `added`, no longer does.
    package var emoji: String?
    package var userId: UserID?
    package var added: Bool?
    package var createdAt: Timestamp

    package init(id: MessageID, kind: MessageChangeKind, target: Seq, createdAt: Timestamp) {
        self.id = id
        self.chatroomId = id.chatroom
        self.seq = id.seq
        self.kind = kind
        self.target = target
        self.createdAt = createdAt
    }
}

/// The payload of the event `read`: up to where somebody has read.
package struct ReadEvent: Codable, Hashable, Sendable {
    package var chatroomId: ChatroomID
    package var userId: UserID
    package var seq: Seq

    package init(chatroomId: ChatroomID, userId: UserID, seq: Seq) {
        self.chatroomId = chatroomId
        self.userId = userId
        self.seq = seq
    }
}

/// What a system entry of a chatroom's log tells.
package enum SystemAction: String, Codable, Sendable {
    case created, added, removed, left, renamed, dissolved
}

/// The payload of the event `change` of kind `system`: a change of the chatroom or of its members, in its place in the log.
package struct SystemChange: Codable, Hashable, Sendable {
    package var id: MessageID
    package var chatroomId: ChatroomID
    package var seq: Seq
    package var kind = "system"
    package var action: SystemAction
    package var userId: UserID?
    package var by: UserID?
    package var name: String?

    package init(id: MessageID, action: SystemAction, userId: UserID? = nil, by: UserID? = nil, name: String? = nil) {
        self.id = id
        self.chatroomId = id.chatroom
        self.seq = id.seq
        self.action = action
        self.userId = userId
        self.by = by
        self.name = name
    }
}
