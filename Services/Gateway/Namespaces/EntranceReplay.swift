import ChatAPI
import Logging
import Sockets

/// What a client lacks, sent before what was held for it.
extension Entrance {
    /// Entries in one call to History.
    private static var slice: Seq { 500 }

    /// - Parameter positions: up to where each chatroom was delivered when the socket joined.
    func replay(
        _ plan: ReplayPlan, _ positions: [ChatroomID: Seq], to socket: SocketReference, _ user: UserID
    ) async {
        var nothingMissing: [(ChatroomID, Seq)] = []
        var rest: [(ReplayPlan.Chatroom, Seq)] = []
        for chatroom in plan.chatrooms {
            guard let position = positions[chatroom.view.id] else { continue }
            if position == chatroom.after {
                nothingMissing.append((chatroom.view.id, position))
            } else {
                rest.append((chatroom, position))
            }
        }
        // Most chatrooms lack nothing: all of them in one job.
        socket.execute { [nothingMissing] socket in
            guard let client = socket.context as? Client else { return }
            for (id, seq) in nothingMissing { client.release(id, after: seq) }
        }
        for (chatroom, position) in rest {
            guard await self.replay(chatroom, upTo: position, to: socket, user) else { return }
        }
    }

    /// - Returns: `false` if the socket is gone.
    private func replay(
        _ chatroom: ReplayPlan.Chatroom, upTo position: Seq, to socket: SocketReference, _ user: UserID
    ) async -> Bool {
        let id = chatroom.view.id
        var after = chatroom.after
        var pause = Pause()
        while after < position {
            guard let entries = await self.entries(of: id, after: after, upTo: position) else {
                guard await pause.wait(), await socket.ask({ _ in true }) != nil else { return false }
                continue
            }
            let removal = entries.firstIndex { $0.passage == .leaves(user) }
            let visible = entries.prefix(through: removal ?? entries.count - 1)
            guard await self.send(Array(visible), to: socket) else { return false }
            if removal != nil {
                // Nothing above it is for them, unless they were let in again: that a refresh tells.
                socket.execute { socket in
                    guard let client = socket.context as? Client else { return }
                    client.leave(id)
                    client.refreshSoon()
                }
                return true
            }
            after = visible.last?.seq ?? after
        }
        // The log had gone further than this node: the room comes as far first, else it would tell the rest twice.
        if after > position { await self.delivery.reach(after, in: id) }
        let target = after
        socket.execute { ($0.context as? Client)?.release(id, after: target) }
        return true
    }

    /// `nil` where there is nothing yet: History is out of reach, or a replica of it is behind.
    private func entries(of chatroom: ChatroomID, after: Seq, upTo position: Seq) async -> [BusEntry]? {
        do {
            let entries = try await self.history.entries(
                of: chatroom, after: after, upTo: position, limit: Int(min(position - after, Self.slice)))
            return entries.isEmpty ? nil : entries
        } catch {
            self.logger.warning("a replay waits for History", metadata: ["error": "\(error)"])
            return nil
        }
    }

    /// Writes, and waits until the socket has taken most of it.
    private func send(_ entries: [BusEntry], to socket: SocketReference) async -> Bool {
        let events = entries.compactMap { EncodedEvent($0.event) }
        return await withCheckedContinuation { continuation in
            socket.execute { socket in
                guard socket.isConnected, let client = socket.context as? Client else {
                    return continuation.resume(returning: false)
                }
                for event in events { client.emit(event) }
                client.whenDrained { continuation.resume(returning: $0) }
            }
        }
    }
}

/// The time between attempts: twice as long each time, up to two seconds, a part of it left to chance.
struct Pause {
    private var next = Duration.milliseconds(50)

    /// - Returns: `false` at the end of the process.
    mutating func wait() async -> Bool {
        let now = self.next * Double.random(in: 0.5...1)
        self.next = min(self.next * 2, .seconds(2))
        do {
            try await Task.sleep(for: now)
            return true
        } catch {
            return false
        }
    }
}
