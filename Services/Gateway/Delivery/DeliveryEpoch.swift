import ChatAPI
import Foundation
import IOThread
import Logging
import Redis
import Sockets

/// What becomes of chatrooms and people when History's logs are of another epoch: after a restore, or the promotion of a
/// replica that was behind.
extension Delivery {
    /// The epoch of the logs as this node knows it.
    var epoch: UUID? {
        get async {
            await withCheckedContinuation { continuation in
                IOThread.shared.execute { continuation.resume(returning: self.state.value.epochs.current) }
            }
        }
    }

    /// An answer of History, on the I/O thread.
    ///
    /// - Returns: whether it is of the epoch that holds here; else it says nothing of the chatrooms there are.
    func saw(_ epoch: UUID) -> Bool {
        self.take(self.state.value.epochs.saw(epoch))
        return self.state.value.epochs.current == epoch
    }

    /// Again and again: where nobody comes and no hint is missed, nothing else would tell.
    func watchEpoch() {
        guard !self.state.value.isClosed else { return }
        self.askEpoch { epoch in
            if let epoch { _ = self.saw(epoch) }
            IOThread.shared.schedule(after: self.timing.epoch) { [weak self] in self?.watchEpoch() }
        }
    }

    private func take(_ action: EpochWatch.Action?) {
        switch action {
        case nil: break
        case .confirm:
            self.askEpoch { epoch in self.take(self.state.value.epochs.confirmed(epoch)) }
        case .begin(let epoch): self.begin(epoch)
        }
    }

    /// Calls back on the I/O thread.
    private func askEpoch(then callback: @escaping @Sendable (UUID?) -> Void) {
        self.tasks.start {
            let epoch = try? await self.history.heads(of: []).epoch
            IOThread.shared.execute { callback(epoch) }
        }
    }

    /// The chatrooms there are end whole, so that no old position hides what is new; they begin anew with the first who
    /// comes back. Nothing is said any more in the old rooms, and who is in them is sent away, over a while.
    ///
    /// Nobody escapes: a socket on its way in bears its epoch before its rooms are looked at again on this thread, and is
    /// sent away then.
    private func begin(_ epoch: UUID) {
        self.logger.warning("History's logs are of another epoch", metadata: ["epoch": "\(epoch)"])
        let state = self.state.value
        let old = state.chatrooms
        state.chatrooms = [:]
        state.unsure = []
        for live in old.values { live.end() }
        self.redis.unsubscribe(old.values.map(\.channel))
        let duration = self.timing.leaving
        self.people.everyone?.onEachClient { $0.leave(unlessOf: epoch, within: duration) }
    }

    /// A socket that was on its way in when its epoch ended.
    func sendAway(_ socket: SocketReference) {
        guard let epoch = self.state.value.epochs.current else { return }
        let duration = self.timing.leaving
        socket.execute { ($0.context as? Client)?.leave(unlessOf: epoch, within: duration) }
    }
}
