import ChatAPI
import Foundation
import IOThread
import Logging
import Metrics
import Redis
import ServiceKit
import Sockets
import Synchronization

/// Takes what the bus says of chatrooms to the sockets that are in them.
///
/// `Sendable`: its state lives on the I/O thread, where the bus is heard, so that no lock and no hop lies between a hint
/// and the one job for each event loop that has members. What it must ask History for goes through ``BackgroundTasks``.
final class Delivery: Sendable {
    struct Timing: Sendable {
        /// How long a hint may be overtaken by later ones.
        var pause = Duration.milliseconds(20)
        /// A Redis server without a beacon for so long is not heard.
        var patience = Duration.seconds(5)
        /// How long a socket's entrance waits for a subscription to be confirmed before it goes on without.
        var subscribing = Duration.seconds(1)
        /// How often History is asked for its epoch.
        var epoch = Duration.seconds(2)
        /// Over which people of an epoch that has ended are sent away.
        var leaving = Duration.seconds(8)
    }

    let state: IOThreadBound<DeliveryState>
    let redis: Redis
    let history: HistoryClient
    let people: People
    let privacies: Privacies
    let tasks: BackgroundTasks
    let timing: Timing
    let logger: Logger
    let isHearing = Flag()
    /// Entries that were written to the sockets of this node.
    let recent = Recent<MessageID>()
    /// For the I/O thread, from event loops.
    let handedOver = Mutex<[@Sendable () -> Void]>([])
    private let delivered = Counter(label: "gateway_entries_delivered_total")
    private let holes = Counter(label: "gateway_holes_fetched_total")

    init(
        redis: Redis, history: HistoryClient, people: People, privacies: Privacies, tasks: BackgroundTasks,
        timing: Timing = Timing(), logger: Logger
    ) {
        self.state = IOThreadBound(DeliveryState(servers: redis.serverIDs, patience: timing.patience))
        self.redis = redis
        self.history = history
        self.people = people
        self.privacies = privacies
        self.tasks = tasks
        self.timing = timing
        self.logger = logger
    }

    // MARK: What the bus says, on the I/O thread

    func heard(_ chatroom: ChatroomID, _ payload: [UInt8]) {
        guard let live = self.state.value.chatrooms[chatroom] else { return }
        guard let entry = BusEntry(String(decoding: payload, as: UTF8.self)) else {
            self.logger.error("a hint that is none", metadata: ["chatroom": "\(chatroom)"])
            return
        }
        self.take(live.position.heard(entry), for: live)
    }

    func heard(heads: [ChatroomID: Seq]) {
        #if DEBUG
            if DrillFault.noHeadCheck.isPlanted { return }
        #endif
        let state = self.state.value
        // The beacon names every chatroom of all nodes that is busy; ours may be the fewer.
        for (id, head) in heads {
            guard let live = state.chatrooms[id] else { continue }
            self.take(live.position.heard(head: head), for: live)
        }
    }

    func confirmed(_ chatroom: ChatroomID) {
        guard let live = self.state.value.chatrooms[chatroom] else { return }
        live.isSubscribed = true
        self.askHead(of: chatroom)
    }

    // MARK: What follows from it

    func take(_ step: ChatroomPosition.Step, for live: LiveChatroom) {
        for entry in step.deliver { self.deliver(entry, to: live) }
        if !step.deliver.isEmpty { live.arrived() }
        switch step.next {
        case nil: break
        case .pause:
            // Twice as long after each failure, up to five seconds.
            let pause = min(self.timing.pause * (1 << min(live.failures, 8)), .seconds(5))
            IOThread.shared.schedule(after: pause) {
                guard self.isCurrent(live) else { return }
                self.take(live.position.pauseIsOver(), for: live)
            }
        case .fetch(let range): self.fetch(range, of: live.id)
        }
    }

    private func deliver(_ entry: BusEntry, to live: LiveChatroom) {
        let isEphemeral = entry.seq == 0
        guard let event = EncodedEvent(entry.event, isVolatile: isEphemeral) else {
            self.logger.error("an event that is none", metadata: ["chatroom": "\(live.id)", "seq": "\(entry.seq)"])
            return
        }
        if isEphemeral {
            let sign = Privacies.Sign(ofEvent: entry.event)
            live.room.broadcast(event, except: sign.map(self.privacies.untold) ?? [])
        } else {
            live.room.broadcast(event, position: entry.seq)
        }
        self.delivered.increment()
        if !isEphemeral { self.recent.note(MessageID(chatroom: live.id, seq: entry.seq)) }
        switch entry.passage {
        case nil: break
        case .enters(let user):
            // The entry is stored, so History's views of the user name the chatroom.
            self.people.room(of: user)?.onEachClient { $0.refreshSoon() }
        case .leaves(let user):
            let id = live.id
            live.room.onEachClient { client in
                if client.user == user { client.leave(id) }
            }
        }
    }

    private func fetch(_ range: ChatroomPosition.Range, of id: ChatroomID) {
        guard let epoch = self.state.value.epochs.current else { return }
        self.holes.increment()
        self.tasks.start {
            let result: Result<[BusEntry], any Error>
            do {
                let range = LookupEntries.Range(
                    chatroomId: id, after: range.after, upTo: range.upTo, limit: Int(min(range.upTo - range.after, 500))
                )
                result = .success(try await self.history.hole(range, in: epoch))
            } catch {
                result = .failure(error)
            }
            IOThread.shared.execute { self.fetched(result, of: id) }
        }
    }

    private func fetched(_ result: Result<[BusEntry], any Error>, of id: ChatroomID) {
        guard let live = self.state.value.chatrooms[id] else { return }
        switch result {
        case .success(let entries):
            live.failures = entries.isEmpty ? live.failures + 1 : 0
            self.take(live.position.fetched(entries), for: live)
        case .failure(let error):
            if let other = error as? AnotherEpoch { _ = self.saw(other.epoch) }
            self.logger.warning(
                "missing entries were not fetched", metadata: ["chatroom": "\(id)", "error": "\(error)"])
            self.take(live.position.fetchFailed(), for: live)
        }
    }

    private func isCurrent(_ live: LiveChatroom) -> Bool { self.state.value.chatrooms[live.id] === live }
}

extension Room {
    /// Calls `body` for every client in the room, on its loop, in order with the broadcasts made by this thread.
    func onEachClient(_ body: @escaping @Sendable (Client) -> Void) {
        self.onEachLoop { part in
            // `body` may let clients leave.
            for membership in part.memberships {
                if let client = membership.socket.context as? Client { body(client) }
            }
        }
    }
}
