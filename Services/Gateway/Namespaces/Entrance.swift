import ChatAPI
import Foundation
import Logging
import ServiceKit
import Sockets

/// How a socket comes into its chatrooms: views from History, rooms joined held, `ready`, what is missing replayed, live.
///
/// The order is the guarantee; ``Delivery/join(_:_:)`` has the argument.
struct Entrance: Sendable {
    let views: ViewLookup
    let history: HistoryClient
    let delivery: Delivery
    let limits: ReplayPlan.Limits
    let node: String
    let logger: Logger

    /// What a client has said about itself.
    struct Arrival: Sendable {
        var user: UserID
        var session: SessionID
        var cursors: [ChatroomID: Seq]
        var epoch: UUID?
    }

    /// From CONNECT to `ready` and the replay after it. Tries until it succeeds or the socket is gone.
    func enter(_ socket: SocketReference, _ arrival: Arrival) async {
        await self.untilDone(socket) {
            let views = try await self.views.views(of: arrival.user)
            // Seqs of another epoch may have been given twice: what the client holds says nothing.
            let isSameEpoch = arrival.epoch == nil || arrival.epoch == views.epoch
            let plan = ReplayPlan(
                views: views.chatrooms, cursors: isSameEpoch ? arrival.cursors : [:], limits: self.limits)
            guard let positions = try await self.delivery.join(socket, views.chatrooms, of: views.epoch) else { return }
            let ready = ReadyEvent(
                user: arrival.user, session: arrival.session, epoch: views.epoch, node: self.node,
                chatrooms: plan.chatrooms)
            let text = ready.text
            socket.execute { ($0.context as? Client)?.announceReady(text) }
            await self.replay(plan, positions, of: views.epoch, to: socket, arrival.user)
            socket.execute { ($0.context as? Client)?.becomeReady() }
        }
    }

    /// Joins and leaves what changed memberships say.
    func refresh(_ socket: SocketReference, _ user: UserID) async {
        await self.untilDone(socket) {
            let views = try await self.views.views(of: user)
            let visible = Set(views.chatrooms.map(\.id))
            guard let unheard = await socket.ask({ $0.keep(visible) }) else { return }
            let new = views.chatrooms.filter { unheard.contains($0.id) }
            guard !new.isEmpty, let positions = try await self.delivery.join(socket, new, of: views.epoch) else {
                return
            }
            // The newcomer sees the entry that lets them in.
            let cursors = Dictionary(uniqueKeysWithValues: new.map { ($0.id, max($0.joined, $0.from) - 1) })
            let plan = ReplayPlan(views: new, cursors: cursors, limits: self.limits)
            await self.replay(plan, positions, of: views.epoch, to: socket, user)
        }
    }

    /// Joins chatrooms anew with what lies after the given cursors; without a cursor from the head.
    ///
    /// - Returns: the plan that was carried out, of those chatrooms that the user may see; `nil` if the socket is gone.
    func rejoin(
        _ socket: SocketReference, _ user: UserID, _ chatrooms: Set<ChatroomID>, cursors: [ChatroomID: Seq]
    ) async throws -> ReplayPlan? {
        let all = try await self.views.views(of: user)
        let views = all.chatrooms.filter { chatrooms.contains($0.id) }
        let plan = ReplayPlan(views: views, cursors: cursors, limits: self.limits)
        guard !views.isEmpty else { return plan }
        guard let positions = try await self.delivery.join(socket, views, of: all.epoch) else { return nil }
        await self.replay(plan, positions, of: all.epoch, to: socket, user)
        return plan
    }

    private func untilDone(_ socket: SocketReference, _ work: () async throws -> Void) async {
        var pause = Pause()
        while true {
            do {
                return try await work()
            } catch {
                self.logger.warning("a socket waits for its chatrooms", metadata: ["error": "\(error)"])
                guard await pause.wait(), await socket.ask({ _ in true }) != nil else { return }
            }
        }
    }
}

extension SocketReference {
    /// Asks the client on its loop; `nil` if the socket is gone.
    func ask<T: Sendable>(_ question: @escaping @Sendable (Client) -> T) async -> T? {
        await withCheckedContinuation { continuation in
            self.execute { socket in
                guard socket.isConnected, let client = socket.context as? Client else {
                    return continuation.resume(returning: nil)
                }
                continuation.resume(returning: question(client))
            }
        }
    }
}
