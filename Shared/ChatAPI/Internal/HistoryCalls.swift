import Foundation

/// `POST /internal/messages` of History: a batch, one result each, in order.
package struct AppendMessages: Codable, Sendable {
    package var messages: [Item]

    package init(messages: [Item]) { self.messages = messages }

    /// A message and its sender, whom the Gateway has checked by token.
    package struct Item: Codable, Sendable {
        package var senderId: UserID
        package var chatroomId: ChatroomID
        package var clientId: UUID
        package var message: MessageBody

        package init(senderId: UserID, chatroomId: ChatroomID, clientId: UUID, message: MessageBody) {
            self.senderId = senderId
            self.chatroomId = chatroomId
            self.clientId = clientId
            self.message = message
        }
    }

    package struct Answer: Codable, Sendable {
        package var results: [Result]

        package init(results: [Result]) { self.results = results }
    }

    /// Either the receipt or the refusal.
    package struct Result: Codable, Sendable {
        package var receipt: MessageReceipt?
        package var error: ErrorBody?

        package init(receipt: MessageReceipt) { self.receipt = receipt }
        package init(error: ErrorBody) { self.error = error }
    }
}

/// `POST /internal/caught-up` of History: answers when the feed's rows up to `position` are applied, or after 1 s.
package struct AwaitFeed: Codable, Sendable {
    /// `social`.
    package var feed: String
    package var position: Int64

    package init(feed: String, position: Int64) {
        self.feed = feed
        self.position = position
    }

    package struct Answer: Codable, Sendable {
        /// What is applied now; below the position asked for if a second has passed.
        package var position: Int64

        package init(position: Int64) { self.position = position }
    }
}

/// `POST /internal/messages/seen` of History: one message, as one user sees it.
package struct LookupSeenMessage: Codable, Sendable {
    package var userId: UserID
    package var messageId: MessageID

    package init(userId: UserID, messageId: MessageID) {
        self.userId = userId
        self.messageId = messageId
    }

    package struct Answer: Codable, Sendable {
        /// `nil` for what the user may not see, and for what is no message.
        package var message: SeenMessage?

        package init(message: SeenMessage?) { self.message = message }
    }
}

/// Who has said what.
package struct SeenMessage: Codable, Hashable, Sendable {
    package var senderId: UserID
    /// As it was last edited; empty once it was recalled.
    package var content: String

    package init(senderId: UserID, content: String) {
        self.senderId = senderId
        self.content = content
    }
}

/// `POST /internal/heads` of History. Chatrooms without a log are left out.
package struct LookupHeads: Codable, Sendable {
    package var chatroomIds: [ChatroomID]

    package init(chatroomIds: [ChatroomID]) { self.chatroomIds = chatroomIds }

    package struct Answer: Codable, Sendable {
        package var epoch: UUID
        package var heads: [ChatroomID: Seq]

        package init(epoch: UUID, heads: [ChatroomID: Seq]) {
            self.epoch = epoch
            self.heads = heads
        }
    }
}

/// `POST /internal/views` of History: what each of many users may see of their chatrooms.
package struct LookupViews: Codable, Sendable {
    package var userIds: [UserID]

    package init(userIds: [UserID]) { self.userIds = userIds }

    package struct Answer: Codable, Sendable {
        package var epoch: UUID
        /// The position of Social's feed up to which History has applied it, in the same snapshot.
        package var position: Int64
        package var users: [UserViews]

        package init(epoch: UUID, position: Int64, users: [UserViews]) {
            self.epoch = epoch
            self.position = position
            self.users = users
        }
    }
}

package struct UserViews: Codable, Hashable, Sendable {
    package var id: UserID
    /// Current memberships only.
    package var chatrooms: [ChatroomView]

    package init(id: UserID, chatrooms: [ChatroomView]) {
        self.id = id
        self.chatrooms = chatrooms
    }
}

package struct ChatroomView: Codable, Hashable, Sendable {
    package var id: ChatroomID
    package var head: Seq
    /// The first seq this reader may see.
    package var from: Seq
    /// The seq of the entry that let them in; 0 in a direct chatroom.
    package var joined: Seq

    package init(id: ChatroomID, head: Seq, from: Seq, joined: Seq) {
        self.id = id
        self.head = head
        self.from = from
        self.joined = joined
    }
}

/// `POST /internal/entries` of History: parts of several logs.
package struct LookupEntries: Codable, Sendable {
    package var ranges: [Range]

    package init(ranges: [Range]) { self.ranges = ranges }

    /// Entries above `after`, up to and with `upTo` (the head where absent), at most `limit`.
    package struct Range: Codable, Hashable, Sendable {
        package var chatroomId: ChatroomID
        package var after: Seq
        package var upTo: Seq?
        package var limit: Int

        package init(chatroomId: ChatroomID, after: Seq, upTo: Seq? = nil, limit: Int) {
            self.chatroomId = chatroomId
            self.after = after
            self.upTo = upTo
            self.limit = limit
        }
    }

    package struct Answer: Codable, Sendable {
        package var epoch: UUID
        /// In the order of the ranges asked for.
        package var ranges: [Entries]

        package init(epoch: UUID, ranges: [Entries]) {
            self.epoch = epoch
            self.ranges = ranges
        }
    }

    package struct Entries: Codable, Hashable, Sendable {
        package var chatroomId: ChatroomID
        package var head: Seq
        /// Each as the string that goes on the bus (``BusEntry``), ascending by seq and without a hole.
        package var entries: [String]
        package var more: Bool

        package init(chatroomId: ChatroomID, head: Seq, entries: [String], more: Bool) {
            self.chatroomId = chatroomId
            self.head = head
            self.entries = entries
            self.more = more
        }
    }
}

/// `POST /internal/cursors` of History: up to where people have read, a batch, one result each, in order.
///
/// A cursor above the head is clamped to it, and none goes back. History publishes the ephemeral `read` of each that
/// moved; who asks publishes nothing.
package struct MoveCursors: Codable, Sendable {
    package var cursors: [Item]

    package init(cursors: [Item]) { self.cursors = cursors }

    package struct Item: Codable, Hashable, Sendable {
        package var userId: UserID
        package var chatroomId: ChatroomID
        package var seq: Seq

        package init(userId: UserID, chatroomId: ChatroomID, seq: Seq) {
            self.userId = userId
            self.chatroomId = chatroomId
            self.seq = seq
        }
    }

    package struct Answer: Codable, Sendable {
        /// Where each stands now; `nil` where the user is no member of the chatroom.
        package var cursors: [Seq?]

        package init(cursors: [Seq?]) { self.cursors = cursors }
    }
}

/// `POST /internal/retention`: for how long a chatroom keeps what is said in it.
package struct SetRetention: Codable, Sendable {
    package var chatroomId: ChatroomID
    /// 0: for ever. `nil`: as History is configured.
    package var keepSeconds: Int64?

    package init(chatroomId: ChatroomID, keepSeconds: Int64?) {
        self.chatroomId = chatroomId
        self.keepSeconds = keepSeconds
    }
}

/// `POST /internal/media-carriers` of History: which of these messages are stored and carry a file. Media asks before it
/// removes what it gave to a message of which it heard no more.
package struct LookupCarriers: Codable, Sendable {
    package var messages: [ReleaseMedia.Item]

    package init(messages: [ReleaseMedia.Item]) { self.messages = messages }

    package struct Answer: Codable, Sendable {
        package var messages: [ReleaseMedia.Item]

        package init(messages: [ReleaseMedia.Item]) { self.messages = messages }
    }
}
