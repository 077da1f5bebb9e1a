#if DEBUG
    import ChatAPI
    import Foundation
    import IOThread
    import ServiceKit
    import Sockets
    import Synchronization

    /// Mistakes that the drill plants here, to see that its checker finds them: in debug builds and local mode only, by
    /// `GATEWAY_DRILL_FAULT`.
    enum DrillFault: String, CaseIterable, Sendable {
        case none
        /// Neither the beacon nor asking for heads tells what was missed.
        case noHeadCheck
        /// A chatroom's position is read before the socket has joined its room.
        case subscribeAfterSnapshot

        init(_ keys: ConfigurationKeys) {
            let name = "GATEWAY_DRILL_FAULT"
            self = keys.choice(name, default: .none, "a mistake, planted for the drill; not in release builds")
            if self != .none, keys.mode != .local { keys.problem(name, "is for local mode only") }
        }

        /// The one of this process.
        private static let planted = Mutex(DrillFault.none)

        func plant() { Self.planted.withLock { $0 = self } }

        var isPlanted: Bool { Self.planted.withLock { $0 == self } }
    }

    extension Delivery {
        /// ``DrillFault/subscribeAfterSnapshot``: what is delivered between the two is lost to the socket.
        func joinTooLate(
            _ socket: SocketReference, _ views: [ChatroomView], of epoch: UUID
        ) async throws(AnotherEpoch) -> [ChatroomID: Seq]? {
            let early = await withCheckedContinuation { continuation in
                IOThread.shared.execute {
                    let chatrooms = self.state.value.chatrooms
                    continuation.resume(
                        returning: views.reduce(into: [ChatroomID: Seq]()) { positions, view in
                            positions[view.id] = chatrooms[view.id]?.position.last ?? view.head
                        })
                }
            }
            try? await Task.sleep(for: .milliseconds(300))
            return try await self.joinInTime(socket, views, of: epoch) == nil ? nil : early
        }
    }
#endif
