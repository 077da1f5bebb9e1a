import ChatAPI
import Foundation
import IOThread
import NIOCore
import Redis
import Sockets
import Synchronization

/// How sockets come into chatrooms and leave them.
///
/// First a socket joins the rooms, held, on its loop; then, back on the I/O thread, the chatrooms' positions are read.
/// What is delivered above such a position comes to the membership, as the broadcast sees it; so what lies between the
/// client's cursor and the position is read from the log, of what was held only the rest is released, and nothing is lost
/// or doubled.
extension Delivery {
    /// Takes a socket into the rooms of `views`, held.
    ///
    /// - Returns: up to which seq each chatroom was delivered on this node after the socket had joined; `nil` if it is gone.
    /// - Throws: ``AnotherEpoch`` where the views are not of the epoch that holds here, or not of the socket's.
    func join(
        _ socket: SocketReference, _ views: [ChatroomView], of epoch: UUID
    ) async throws(AnotherEpoch) -> [ChatroomID: Seq]? {
        #if DEBUG
            if DrillFault.subscribeAfterSnapshot.isPlanted {
                return try await self.joinTooLate(socket, views, of: epoch)
            }
        #endif
        return try await self.joinInTime(socket, views, of: epoch)
    }

    func joinInTime(
        _ reference: SocketReference, _ views: [ChatroomView], of epoch: UUID
    ) async throws(AnotherEpoch) -> [ChatroomID: Seq]? {
        let joined: Result<[ChatroomID: Seq]?, AnotherEpoch> = await withCheckedContinuation { continuation in
            self.afterTurn(of: reference.eventLoop) {
                let failure = Result<[ChatroomID: Seq]?, AnotherEpoch>.failure(AnotherEpoch(epoch: epoch))
                guard self.saw(epoch) else { return continuation.resume(returning: failure) }
                self.subscribe(to: views) { rooms in
                    reference.execute { socket in
                        guard socket.isConnected, let client = socket.context as? Client else {
                            self.release(rooms, on: socket.eventLoop)
                            return continuation.resume(returning: .success(nil))
                        }
                        guard client.join(rooms, of: epoch) else {
                            self.release(rooms, on: socket.eventLoop)
                            return continuation.resume(returning: failure)
                        }
                        self.afterTurn(of: socket.eventLoop) {
                            if let positions = self.positions(in: rooms, of: epoch) {
                                return continuation.resume(returning: .success(positions))
                            }
                            self.sendAway(reference)
                            continuation.resume(returning: failure)
                        }
                    }
                }
            }
        }
        return try joined.get()
    }

    /// `nil` where the rooms have ended with their epoch.
    private func positions(in rooms: [ChatroomID: Room], of epoch: UUID) -> [ChatroomID: Seq]? {
        let state = self.state.value
        guard state.epochs.current == epoch else { return nil }
        var positions: [ChatroomID: Seq] = [:]
        for (id, room) in rooms {
            guard let live = state.chatrooms[id], live.room === room else { return nil }
            positions[id] = live.position.last
        }
        return positions
    }

    /// A socket of `loop` is no longer in these rooms.
    func release(_ rooms: [ChatroomID: Room], on loop: any EventLoop) {
        guard !rooms.isEmpty else { return }
        self.afterTurn(of: loop) {
            let state = self.state.value
            var left: [String] = []
            for (id, room) in rooms {
                // Another room of the chatroom's is of another epoch, and counts its own.
                guard let live = state.chatrooms[id], live.room === room else { continue }
                live.sockets -= 1
                guard live.sockets == 0 else { continue }
                state.chatrooms[id] = nil
                live.end()
                left.append(live.channel)
            }
            self.redis.unsubscribe(left)
        }
    }

    /// Runs `job` on the I/O thread once `loop` has done what it has at hand, in order with what else is handed over so: in
    /// a storm one wake-up serves for many.
    private func afterTurn(of loop: any EventLoop, _ job: @escaping @Sendable () -> Void) {
        let isFirst = self.handedOver.withLock { jobs in
            jobs.append(job)
            return jobs.count == 1
        }
        guard isFirst else { return }
        loop.execute {
            IOThread.shared.execute {
                for job in self.handedOver.takeAll() { job() }
            }
        }
    }

    /// Waits until a chatroom's log was delivered up to `seq`, or nobody is in it any more.
    ///
    /// It goes on behind the broadcasts that this takes on `loop`: a task that runs there would else overtake them, where it
    /// is resumed before it has come to wait.
    func reach(_ seq: Seq, in chatroom: ChatroomID, on loop: any EventLoop) async {
        await withCheckedContinuation { continuation in
            let resume: @Sendable () -> Void = { loop.execute { continuation.resume() } }
            IOThread.shared.execute {
                guard let live = self.state.value.chatrooms[chatroom], live.position.last < seq else {
                    return resume()
                }
                live.waiting.append((seq, resume))
                self.take(live.position.heard(head: seq), for: live)
            }
        }
    }

    /// Calls back on the I/O thread, with the rooms, when the channels are confirmed, or have had their time: without Redis
    /// the log is all there is, and it is enough.
    private func subscribe(
        to views: [ChatroomView], then callback: @escaping @Sendable ([ChatroomID: Room]) -> Void
    ) {
        let state = self.state.value
        guard let makeRoom = state.makeRoom else { preconditionFailure("delivery starts before the first socket") }
        var unconfirmed: [String] = []
        var joined: [ChatroomID: Room] = [:]
        for view in views {
            let live =
                state.chatrooms[view.id]
                ?? LiveChatroom(
                    id: view.id, room: makeRoom(BusChannel.chatroom(view.id)),
                    position: ChatroomPosition(last: view.head))
            state.chatrooms[view.id] = live
            live.sockets += 1
            joined[view.id] = live.room
            self.take(live.position.heard(head: view.head), for: live)
            if !live.isSubscribed { unconfirmed.append(live.channel) }
        }
        let rooms = joined
        guard !unconfirmed.isEmpty else { return callback(rooms) }
        let once = Once { callback(rooms) }
        IOThread.shared.schedule(after: self.timing.subscribing) { once.call() }
        self.redis.subscribe(unconfirmed) { _ in once.call() }
    }
}

extension Mutex where Value == [@Sendable () -> Void] {
    fileprivate func takeAll() -> Value {
        self.withLock { jobs in
            let taken = jobs
            jobs = []
            return taken
        }
    }
}

/// A closure for two callers of whom the first counts.
///
/// `@unchecked Sendable`: it is called on the I/O thread alone, which `call` asserts.
private final class Once: @unchecked Sendable {
    private var closure: (@Sendable () -> Void)?

    init(_ closure: @escaping @Sendable () -> Void) { self.closure = closure }

    func call() {
        IOThread.shared.preconditionInside()
        self.closure?()
        self.closure = nil
    }
}
