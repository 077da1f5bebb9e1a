import ChatAPI
import Foundation
import Logging
import Sockets

/// What a client lacks, sent before what was held for it.
extension Entrance {
    /// - Parameter positions: up to where each chatroom was delivered when the socket joined.
    func replay(
        _ plan: ReplayPlan, _ positions: [ChatroomID: Seq], of epoch: UUID, to socket: SocketReference, _ user: UserID
    ) async {
        var nothingMissing: [(ChatroomID, Seq)] = []
        var rest: [MissingEntries] = []
        for chatroom in plan.chatrooms {
            guard let position = positions[chatroom.view.id] else { continue }
            if position == chatroom.after {
                nothingMissing.append((chatroom.view.id, position))
            } else {
                rest.append(MissingEntries(chatroom: chatroom.view.id, after: chatroom.after, upTo: position))
            }
        }
        // Most chatrooms lack nothing: all of them in one job.
        socket.execute { [nothingMissing] socket in
            guard let client = socket.context as? Client else { return }
            for (id, seq) in nothingMissing { client.release(id, after: seq) }
        }
        for group in MissingEntries.groups(of: rest) {
            guard let first = await self.first(of: group, in: epoch, for: socket) else { return }
            for missing in group {
                let entries = first[missing.chatroom]
                guard await self.replay(missing, beginningWith: entries, of: epoch, to: socket, user) else { return }
            }
        }
    }

    /// The first entries of several chatrooms, asked for at a time, so that they are answered in few calls. What is left out
    /// of an answer is asked for together again, until nothing new comes of that and there is something.
    ///
    /// - Returns: `nil` if the socket is gone.
    private func first(
        of group: [MissingEntries], in epoch: UUID, for socket: SocketReference
    ) async -> [ChatroomID: [BusEntry]]? {
        var first: [ChatroomID: [BusEntry]] = [:]
        var pause = Pause()
        while true {
            let wanted = group.filter { $0.count > 0 && first[$0.chatroom] == nil }
            if wanted.isEmpty { return first }
            let answered = await withTaskGroup(of: (ChatroomID, [BusEntry]?).self) { tasks in
                for missing in wanted {
                    tasks.addTask { (missing.chatroom, await self.next(of: missing, in: epoch)) }
                }
                return await tasks.reduce(into: [:]) { answered, answer in answered[answer.0] = answer.1 }
            }
            first.merge(answered) { $1 }
            guard answered.isEmpty else { continue }
            if !first.isEmpty { return first }
            self.logger.warning("a replay waits for History", metadata: ["chatrooms": "\(wanted.count)"])
            guard await pause.wait(), await socket.ask({ _ in true }) != nil else { return nil }
        }
    }

    /// - Parameter first: what follows `missing.after`, where it is known already.
    /// - Returns: `false` if the socket is gone.
    private func replay(
        _ missing: MissingEntries, beginningWith first: [BusEntry]?, of epoch: UUID, to socket: SocketReference,
        _ user: UserID
    ) async -> Bool {
        let id = missing.chatroom
        var missing = missing
        var next = first
        var pause = Pause()
        while missing.count > 0 {
            guard let entries = next else {
                self.logger.warning("a replay waits for History", metadata: ["chatroom": "\(id)"])
                guard await pause.wait(), await socket.ask({ _ in true }) != nil else { return false }
                next = await self.next(of: missing, in: epoch)
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
            missing.after = visible.last?.seq ?? missing.after
            next = missing.count > 0 ? await self.next(of: missing, in: epoch) : nil
        }
        // The log had gone further than this node: the room comes as far first, else it would tell the rest twice.
        if missing.after > missing.upTo { await self.delivery.reach(missing.after, in: id, on: socket.eventLoop) }
        let target = missing.after
        socket.execute { ($0.context as? Client)?.release(id, after: target) }
        return true
    }

    /// `nil` where there is nothing yet: History is out of reach, or a replica of it is behind.
    private func next(of missing: MissingEntries, in epoch: UUID) async -> [BusEntry]? {
        do {
            let entries = try await self.history.replay(missing.range, in: epoch)
            return entries.isEmpty ? nil : entries
        } catch {
            self.logger.debug("a replay was not answered", metadata: ["error": "\(error)"])
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
                client.emit(events[...]) { continuation.resume(returning: $0) }
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
