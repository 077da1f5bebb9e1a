import ChatAPI
import Synchronization

/// Moves read cursors at most once a second for each user and chatroom: somebody who scrolls reads many messages at once.
///
/// The first goes at once; what follows within the second goes as one at its end, and all who asked are answered then. A
/// `final class` with a `Mutex`: event loops ask it.
final class ReadCursors: Sendable {
    typealias Completion = @Sendable (Result<Seq?, any Error>) -> Void
    typealias Move = @Sendable (MoveCursors.Item, @escaping Completion) -> Void

    private struct Place: Hashable {
        var user: UserID
        var chatroom: ChatroomID
    }

    private struct Waiting {
        var seq: Seq
        var completions: [Completion]
    }

    private struct State {
        /// Moved in this second.
        var recent: Set<Place> = []
        var waiting: [Place: Waiting] = [:]
        var isCounting = false
    }

    private let state = Mutex(State())
    private let tasks: BackgroundTasks
    private let interval: Duration
    private let move: Move

    init(tasks: BackgroundTasks, interval: Duration = .seconds(1), move: @escaping Move) {
        self.tasks = tasks
        self.interval = interval
        self.move = move
    }

    func move(_ item: MoveCursors.Item, then completion: @escaping Completion) {
        let place = Place(user: item.userId, chatroom: item.chatroomId)
        let (goesNow, begins) = self.state.withLock { state in
            guard state.recent.insert(place).inserted else {
                state.waiting[place, default: Waiting(seq: 0, completions: [])].seq.raise(to: item.seq)
                state.waiting[place]?.completions.append(completion)
                return (false, false)
            }
            defer { state.isCounting = true }
            return (true, !state.isCounting)
        }
        if goesNow { self.move(item, completion) }
        if begins { self.tasks.start { await self.count() } }
    }

    /// Second after second, until one passes in which nobody read.
    private func count() async {
        while true {
            try? await Task.sleep(for: self.interval)
            let due = self.state.withLock { state in
                let due = state.waiting
                state.waiting = [:]
                state.recent = Set(due.keys)
                state.isCounting = !due.isEmpty
                return due
            }
            if due.isEmpty { return }
            for (place, waiting) in due {
                let item = MoveCursors.Item(userId: place.user, chatroomId: place.chatroom, seq: waiting.seq)
                self.move(item) { result in
                    for completion in waiting.completions { completion(result) }
                }
            }
        }
    }
}

extension Seq {
    fileprivate mutating func raise(to other: Seq) { self = Swift.max(self, other) }
}
