import Foundation

/// `POST /internal/media/attach` of Media, before the message is committed. Idempotent by `clientId`.
///
/// Refused with `media_not_found` unless the sender may read the file; in another chatroom than the file's own the
/// answer is a new file on the same blob.
package struct AttachMedia: Codable, Sendable {
    package var mediaId: MediaID
    package var chatroomId: ChatroomID
    package var senderId: UserID
    package var clientId: UUID

    package init(mediaId: MediaID, chatroomId: ChatroomID, senderId: UserID, clientId: UUID) {
        self.mediaId = mediaId
        self.chatroomId = chatroomId
        self.senderId = senderId
        self.clientId = clientId
    }

    package struct Answer: Codable, Sendable {
        package var media: MediaFile

        package init(media: MediaFile) { self.media = media }
    }
}

/// `POST /internal/media/lookup` of Media. Files that do not exist are left out.
package struct LookupMedia: Codable, Sendable {
    package var ids: [MediaID]

    package init(ids: [MediaID]) { self.ids = ids }

    package struct Answer: Codable, Sendable {
        package var media: [MediaFile]

        package init(media: [MediaFile]) { self.media = media }
    }
}

/// `POST /internal/media/list` of Media: the files of one person, in the order of their ids, a part at a time. What was
/// released is not among them.
package struct ListFiles: Codable, Sendable {
    package var ownerId: UserID
    /// The last one seen.
    package var after: MediaID?
    package var limit: Int

    package init(ownerId: UserID, after: MediaID? = nil, limit: Int) {
        self.ownerId = ownerId
        self.after = after
        self.limit = limit
    }

    package struct Answer: Codable, Sendable {
        package var files: [OwnedFile]

        package init(files: [OwnedFile]) { self.files = files }
    }
}

package struct OwnedFile: Codable, Hashable, Sendable {
    package var media: MediaFile
    /// Whose members may read it; absent: anybody signed in.
    package var chatroomId: ChatroomID?

    package init(media: MediaFile, chatroomId: ChatroomID?) {
        self.media = media
        self.chatroomId = chatroomId
    }
}

/// `POST /internal/media/release` of Media: these messages carry their files no longer. A file that no message carries any
/// more cannot be read from then on. Again, or for what was never attached: nothing happens.
package struct ReleaseMedia: Codable, Sendable {
    package var messages: [Item]

    package init(messages: [Item]) { self.messages = messages }

    /// The message, as it was named in ``AttachMedia``.
    package struct Item: Codable, Hashable, Sendable {
        package var chatroomId: ChatroomID
        package var senderId: UserID
        package var clientId: UUID

        package init(chatroomId: ChatroomID, senderId: UserID, clientId: UUID) {
            self.chatroomId = chatroomId
            self.senderId = senderId
            self.clientId = clientId
        }
    }
}
