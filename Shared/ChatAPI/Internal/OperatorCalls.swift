import Foundation

/// What one process tells of itself, for whoever looks for what is wrong (`teahousectl doctor`).
///
/// Lists say nothing where a service has none of that kind.
package struct ServiceStatus: Codable, Hashable, Sendable {
    package var service: String
    /// Which of several it is: where it listens for the other services, or a Gateway's tag.
    package var instance: String
    package var version: String
    package var mode: String
    package var startedAt: Timestamp
    /// By this machine's clock.
    package var now: Timestamp
    /// The names of what keeps it from being ready.
    package var lacking: [String] = []
    /// The keys of its configuration whose secrets could be guessed.
    package var weakSecrets: [String] = []
    package var schemas: [Schema] = []
    package var feeds: [Feed] = []
    package var redis: [RedisServer] = []
    package var disks: [Disk] = []

    package init(
        service: String, instance: String, version: String, mode: String, startedAt: Timestamp, now: Timestamp
    ) {
        self.service = service
        self.instance = instance
        self.version = version
        self.mode = mode
        self.startedAt = startedAt
        self.now = now
    }

    /// A part of a database that the service keeps.
    package struct Schema: Codable, Hashable, Sendable {
        package var name: String
        /// Migrations that this version brings and the database lacks.
        package var pending: [String]
        /// Migrations of the database that this version does not know.
        package var unknown: [String]
        /// By the clock of the database.
        package var now: Timestamp

        package init(name: String, pending: [String], unknown: [String], now: Timestamp) {
            self.name = name
            self.pending = pending
            self.unknown = unknown
            self.now = now
        }
    }

    /// A change feed, or the logs of History, as it is known here.
    package struct Feed: Codable, Hashable, Sendable {
        /// Whose: `auth`, `social`, `history`.
        package var of: String
        /// Whether this service writes it.
        package var isSource: Bool
        package var epoch: UUID?
        package var position: Int64?
        /// Of a reader: since it was last read to its end.
        package var ageSeconds: Double?

        package init(
            of: String, isSource: Bool = false, epoch: UUID?, position: Int64? = nil, ageSeconds: Double? = nil
        ) {
            self.of = of
            self.isSource = isSource
            self.epoch = epoch
            self.position = position
            self.ageSeconds = ageSeconds
        }
    }

    package struct RedisServer: Codable, Hashable, Sendable {
        /// `host:port`.
        package var server: String
        package var isConnected: Bool

        package init(server: String, isConnected: Bool) {
            self.server = server
            self.isConnected = isConnected
        }
    }

    package struct Disk: Codable, Hashable, Sendable {
        package var path: String
        package var freeBytes: Int64
        package var totalBytes: Int64

        package init(path: String, freeBytes: Int64, totalBytes: Int64) {
            self.path = path
            self.freeBytes = freeBytes
            self.totalBytes = totalBytes
        }
    }
}

/// What a History instance knows of one entry, for `teahousectl explain`.
package struct ExplainedEntry: Codable, Hashable, Sendable {
    package var instance: String
    package var id: MessageID
    package var kind: String
    package var senderId: UserID?
    package var clientId: UUID?
    /// By the database's clock.
    package var createdAt: Timestamp
    /// The newest seq of its chatroom.
    package var head: Seq
    /// When this instance put it on the bus; `nil` where it did not, or has forgotten.
    package var publishedAt: Timestamp?
    /// From when on this instance remembers what it published.
    package var remembersSince: Timestamp

    package init(
        instance: String, id: MessageID, kind: String, senderId: UserID?, clientId: UUID?, createdAt: Timestamp,
        head: Seq, publishedAt: Timestamp?, remembersSince: Timestamp
    ) {
        self.instance = instance
        self.id = id
        self.kind = kind
        self.senderId = senderId
        self.clientId = clientId
        self.createdAt = createdAt
        self.head = head
        self.publishedAt = publishedAt
        self.remembersSince = remembersSince
    }
}

/// What a Gateway knows of one entry, for `teahousectl explain`.
package struct ExplainedDelivery: Codable, Hashable, Sendable {
    package var node: String
    /// When it acknowledged the message to whoever sent it; `nil` where another did, or it was forgotten.
    package var acknowledgedAt: Timestamp?
    /// When it wrote the entry to its sockets in the chatroom.
    package var deliveredAt: Timestamp?
    /// From when on this Gateway remembers both.
    package var remembersSince: Timestamp
    /// `nil` where no socket of the chatroom is connected here.
    package var chatroom: Chatroom?

    package struct Chatroom: Codable, Hashable, Sendable {
        package var sockets: Int
        package var isSubscribed: Bool
        /// Up to where its log was delivered here.
        package var last: Seq
        /// Up to where it is known to reach.
        package var newest: Seq

        package init(sockets: Int, isSubscribed: Bool, last: Seq, newest: Seq) {
            self.sockets = sockets
            self.isSubscribed = isSubscribed
            self.last = last
            self.newest = newest
        }
    }

    package init(
        node: String, acknowledgedAt: Timestamp?, deliveredAt: Timestamp?, remembersSince: Timestamp,
        chatroom: Chatroom?
    ) {
        self.node = node
        self.acknowledgedAt = acknowledgedAt
        self.deliveredAt = deliveredAt
        self.remembersSince = remembersSince
        self.chatroom = chatroom
    }
}
