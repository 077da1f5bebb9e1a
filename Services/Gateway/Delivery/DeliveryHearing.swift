import ChatAPI
import Foundation
import IOThread
import Logging
import Redis
import Sockets

/// Whether this node hears what is said: the beacon, lost servers, and asking for heads.
extension Delivery {
    /// Begins to listen. What `other` channels say is handed to it, on the I/O thread.
    func start(
        makeRoom: @escaping @Sendable (String) -> Room, others: [String],
        onOther: @escaping @Sendable (String, [UInt8]) -> Void
    ) {
        IOThread.shared.execute { self.state.value.makeRoom = makeRoom }
        self.redis.listen(
            onMessage: { message in
                if let chatroom = message.channel.chatroom {
                    self.heard(chatroom, message.payload)
                } else if message.channel == BusChannel.heads {
                    self.heardBeacon(message)
                } else {
                    onOther(message.channel, message.payload)
                }
            },
            onEvent: { event in
                switch event {
                case .connected: break
                case .lost(let server): self.lost(server)
                case .subscribed(let channel, let server):
                    if let chatroom = channel.chatroom { self.confirmed(chatroom) }
                    if channel == BusChannel.heads { self.change(server) { $0.subscribed(now: .now) } }
                }
            })
        self.redis.subscribeOnAll(BusChannel.heads)
        self.redis.subscribe(others) { _ in }
        IOThread.shared.execute {
            self.tick()
            self.watchEpoch()
        }
    }

    /// Ends the waiting of all who wait.
    func close() {
        IOThread.shared.execute {
            let state = self.state.value
            state.isClosed = true
            for live in state.chatrooms.values { live.end() }
        }
    }

    /// Asks History for a chatroom's head, together with all others asked for in this turn.
    func askHead(of chatroom: ChatroomID) {
        let state = self.state.value
        state.unsure.insert(chatroom)
        self.askSoon(after: .zero)
    }

    private func askSoon(after pause: Duration) {
        let state = self.state.value
        guard !state.isAskingSoon else { return }
        state.isAskingSoon = true
        IOThread.shared.schedule(after: pause) {
            let state = self.state.value
            state.isAskingSoon = false
            let chatrooms = Array(state.unsure)
            state.unsure = []
            self.askHeads(of: chatrooms) { succeeded in
                guard !succeeded else { return }
                self.state.value.unsure.formUnion(chatrooms)
                self.askSoon(after: .seconds(1))
            }
        }
    }

    /// In slices of 1,000; calls back on the I/O thread. Heads of another epoch are none of ours.
    private func askHeads(of chatrooms: [ChatroomID], then callback: @escaping @Sendable (Bool) -> Void) {
        self.tasks.start {
            var succeeded = true
            for start in stride(from: 0, to: chatrooms.count, by: 1_000) {
                do {
                    let slice = Array(chatrooms[start..<min(start + 1_000, chatrooms.count)])
                    let answer = try await self.history.heads(of: slice)
                    succeeded = await self.heard(answer) && succeeded
                } catch {
                    self.logger.warning("heads were not answered", metadata: ["error": "\(error)"])
                    succeeded = false
                }
            }
            let result = succeeded
            IOThread.shared.execute { callback(result) }
        }
    }

    private func heard(_ answer: LookupHeads.Answer) async -> Bool {
        await withCheckedContinuation { continuation in
            IOThread.shared.execute {
                let isCurrent = self.saw(answer.epoch)
                if isCurrent { self.heard(heads: answer.heads) }
                continuation.resume(returning: isCurrent)
            }
        }
    }

    private func heardBeacon(_ message: RedisMessage) {
        self.change(message.server) { watch in
            watch.heard(now: .now)
            return nil
        }
        // It can be long: it is read elsewhere.
        self.tasks.start {
            guard let heads = try? JSONDecoder().decode([ChatroomID: Seq].self, from: Data(message.payload)) else {
                return self.logger.error("a beacon that is none", metadata: ["server": "\(message.server)"])
            }
            IOThread.shared.execute { self.heard(heads: heads) }
        }
    }

    private func lost(_ server: RedisServerID) {
        for live in self.chatrooms(at: server) { live.isSubscribed = false }
        self.change(server) { watch in
            watch.lost()
            return nil
        }
    }

    private func tick() {
        guard !self.state.value.isClosed else { return }
        for server in self.redis.serverIDs { self.change(server) { $0.tick(now: .now) } }
        IOThread.shared.schedule(after: self.timing.patience / 10) { [weak self] in self?.tick() }
    }

    private func change(
        _ server: RedisServerID,
        _ body: (inout BeaconWatch<ContinuousClock.Instant>) -> BeaconWatch<ContinuousClock.Instant>.Action?
    ) {
        let state = self.state.value
        guard var watch = state.watches[server] else { return }
        let action = body(&watch)
        state.watches[server] = watch
        self.isHearing.set(!state.watches.values.contains { $0.isDeaf })
        guard let action else { return }
        if action == .resubscribeAndCheck {
            self.logger.warning("no beacon is heard", metadata: ["server": "\(server)"])
            self.redis.reconnectSubscriptions(server)
        }
        self.askHeads(of: self.chatrooms(at: server).map(\.id)) { succeeded in
            self.change(server) { $0.checked(succeeded: succeeded, now: .now) }
        }
    }

    private func chatrooms(at server: RedisServerID) -> [LiveChatroom] {
        self.state.value.chatrooms.values.filter { self.redis.server(of: $0.channel) == server }
    }
}

extension String {
    /// The chatroom of a channel `chatroom:<id>`.
    fileprivate var chatroom: ChatroomID? {
        self.hasPrefix("chatroom:") ? ChatroomID(String(self.dropFirst("chatroom:".count))) : nil
    }
}
