import ChatAPI
import Synchronization

/// The last things that happened here, each with its time, so that somebody can ask what became of one of them.
///
/// A ring: what is too old is overwritten, so that it costs a lock and a store each time, and never more memory. A
/// `final class` with a `Mutex`: several threads note, operators look.
package final class Recent<Item: Sendable>: Sendable {
    private struct State {
        var items: [(item: Item, at: Timestamp)] = []
        /// Where the next one goes, once the ring is full.
        var next = 0
    }

    private let capacity: Int
    private let now: @Sendable () -> Timestamp
    private let began: Timestamp
    private let state = Mutex(State())

    package init(capacity: Int = 16_384, now: @escaping @Sendable () -> Timestamp = { .now }) {
        precondition(capacity > 0, "a ring has room")
        self.capacity = capacity
        self.now = now
        self.began = now()
    }

    package func note(_ item: Item) {
        let at = self.now()
        self.state.withLock { state in
            if state.items.count < self.capacity {
                state.items.append((item, at))
            } else {
                state.items[state.next] = (item, at)
                state.next = (state.next + 1) % self.capacity
            }
        }
    }

    /// When the first such thing happened that is still remembered.
    package func time(where matches: (Item) -> Bool) -> Timestamp? {
        self.state.withLock { state in
            for place in 0..<state.items.count {
                let (item, at) = state.items[(state.next + place) % state.items.count]
                if matches(item) { return at }
            }
            return nil
        }
    }

    /// From when on everything is remembered.
    package var since: Timestamp {
        self.state.withLock { state in
            state.items.count < self.capacity ? self.began : state.items[state.next].at
        }
    }
}
