import ChatAPI
import Redis
import Sockets

/// A chatroom that somebody on this node is in; on the I/O thread.
final class LiveChatroom {
    let id: ChatroomID
    let room: Room
    var position: ChatroomPosition
    /// Sockets in its room, or on their way into it.
    var sockets = 0
    var isSubscribed = false
    /// Fetches that failed in a row.
    var failures = 0
    /// Who waits until the log was delivered up to a seq.
    var waiting: [(seq: Seq, resume: @Sendable () -> Void)] = []

    init(id: ChatroomID, room: Room, position: ChatroomPosition) {
        self.id = id
        self.room = room
        self.position = position
    }

    var channel: String { BusChannel.chatroom(self.id) }

    /// Those who waited for what is delivered now.
    func arrived() {
        guard !self.waiting.isEmpty else { return }
        let reached = self.waiting.filter { $0.seq <= self.position.last }
        self.waiting.removeAll { $0.seq <= self.position.last }
        for waiter in reached { waiter.resume() }
    }

    func end() {
        for waiter in self.waiting { waiter.resume() }
        self.waiting = []
    }
}

/// Everything ``Delivery`` keeps; on the I/O thread.
final class DeliveryState {
    var chatrooms: [ChatroomID: LiveChatroom] = [:]
    var watches: [RedisServerID: BeaconWatch<ContinuousClock.Instant>]
    var makeRoom: (@Sendable (String) -> Room)?
    var epochs = EpochWatch()
    /// Chatrooms whose heads are to be asked for.
    var unsure: Set<ChatroomID> = []
    var isAskingSoon = false
    var isClosed = false

    init(servers: [RedisServerID], patience: Duration) {
        self.watches = Dictionary(
            uniqueKeysWithValues: servers.map { ($0, BeaconWatch(patience: patience, now: .now)) })
    }
}
