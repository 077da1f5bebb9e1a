import ChatAPI
import IOThread
import Redis
import Sockets

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
    func join(_ socket: SocketReference, _ views: [ChatroomView]) async -> [ChatroomID: Seq]? {
        #if DEBUG
            if DrillFault.subscribeAfterSnapshot.isPlanted { return await self.joinTooLate(socket, views) }
        #endif
        return await self.joinInTime(socket, views)
    }

    func joinInTime(_ socket: SocketReference, _ views: [ChatroomView]) async -> [ChatroomID: Seq]? {
        await withCheckedContinuation { continuation in
            IOThread.shared.execute {
                self.subscribe(to: views) {
                    let state = self.state.value
                    let lives = views.compactMap { state.chatrooms[$0.id] }
                    let rooms = Dictionary(uniqueKeysWithValues: lives.map { ($0.id, $0.room) })
                    socket.execute { socket in
                        guard socket.isConnected, let client = socket.context as? Client else {
                            self.release(Array(rooms.keys))
                            return continuation.resume(returning: nil)
                        }
                        client.join(rooms)
                        IOThread.shared.execute {
                            let chatrooms = self.state.value.chatrooms
                            continuation.resume(
                                returning: rooms.keys.reduce(into: [:]) { positions, id in
                                    positions[id] = chatrooms[id]?.position.last
                                })
                        }
                    }
                }
            }
        }
    }

    /// Sockets that are no longer in these rooms, one for each time a chatroom is named.
    func release(_ chatrooms: [ChatroomID]) {
        guard !chatrooms.isEmpty else { return }
        IOThread.shared.execute {
            let state = self.state.value
            var left: [String] = []
            for id in chatrooms {
                guard let live = state.chatrooms[id] else { continue }
                live.sockets -= 1
                guard live.sockets == 0 else { continue }
                state.chatrooms[id] = nil
                live.end()
                left.append(live.channel)
            }
            self.redis.unsubscribe(left)
        }
    }

    /// Waits until a chatroom's log was delivered up to `seq`, or nobody is in it any more.
    func reach(_ seq: Seq, in chatroom: ChatroomID) async {
        await withCheckedContinuation { continuation in
            IOThread.shared.execute {
                guard let live = self.state.value.chatrooms[chatroom], live.position.last < seq else {
                    return continuation.resume()
                }
                live.waiting.append((seq, { continuation.resume() }))
                self.take(live.position.heard(head: seq), for: live)
            }
        }
    }

    /// Calls back on the I/O thread when the channels are confirmed, or have had their time: without Redis the log is all
    /// there is, and it is enough.
    private func subscribe(to views: [ChatroomView], then callback: @escaping @Sendable () -> Void) {
        let state = self.state.value
        guard let makeRoom = state.makeRoom else { preconditionFailure("delivery starts before the first socket") }
        var unconfirmed: [String] = []
        for view in views {
            let live =
                state.chatrooms[view.id]
                ?? LiveChatroom(
                    id: view.id, room: makeRoom(BusChannel.chatroom(view.id)),
                    position: ChatroomPosition(last: view.head))
            state.chatrooms[view.id] = live
            live.sockets += 1
            self.take(live.position.heard(head: view.head), for: live)
            if !live.isSubscribed { unconfirmed.append(live.channel) }
        }
        guard !unconfirmed.isEmpty else { return callback() }
        let once = Once(callback)
        IOThread.shared.schedule(after: self.timing.subscribing) { once.call() }
        self.redis.subscribe(unconfirmed) { _ in once.call() }
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
