import ChatAPI
import Synchronization

/// The profiles this process knows, kept true by Auth's change feed.
///
/// A profile carries the feed position it was read at, so that neither an answer that was on its way while a change
/// came, nor a row of the feed that the answer had seen already, replaces what is newer. A `final class` with a `Mutex`.
final class ProfileCache: Sendable {
    private struct Entry {
        var profile: Profile
        var position: Int64
    }

    private struct State {
        /// Two halves: when the newer is full it becomes the older, and what was not asked for since is forgotten.
        var recent: [UserID: Entry] = [:]
        var older: [UserID: Entry] = [:]
        var generation = 0
    }

    private let state = Mutex(State())
    private let capacity: Int

    init(capacity: Int = 100_000) { self.capacity = capacity }

    /// Changes when everything was forgotten; an answer that was asked for before is not noted any more.
    var generation: Int { self.state.withLock { $0.generation } }

    func profile(_ id: UserID) -> Profile? {
        self.state.withLock { state in
            if let entry = state.recent[id] { return entry.profile }
            guard let entry = state.older[id] else { return nil }
            self.keep(entry, in: &state)
            return entry.profile
        }
    }

    /// Notes what Auth has answered.
    func note(_ profiles: [Profile], at position: Int64, since generation: Int) {
        self.state.withLock { state in
            guard state.generation == generation else { return }
            for profile in profiles { self.note(Entry(profile: profile, position: position), in: &state) }
        }
    }

    /// Notes a row of Auth's feed; also of somebody not known yet, about whom an older answer may be on its way.
    func note(_ profile: Profile, at position: Int64) {
        self.state.withLock { self.note(Entry(profile: profile, position: position), in: &$0) }
    }

    /// Auth's feed has begun anew: what is known may be stale, and its positions mean nothing.
    func forget() {
        self.state.withLock { state in
            state.recent = [:]
            state.older = [:]
            state.generation += 1
        }
    }

    private func note(_ entry: Entry, in state: inout State) {
        let known = state.recent[entry.profile.id] ?? state.older[entry.profile.id]
        if let known, known.position > entry.position { return }
        self.keep(entry, in: &state)
    }

    private func keep(_ entry: Entry, in state: inout State) {
        if state.recent.count >= self.capacity / 2 {
            state.older = state.recent
            state.recent = [:]
        }
        state.recent[entry.profile.id] = entry
    }
}
