import ChatAPI
import Synchronization

/// Who somebody is, and what they let others do and see.
struct Person: Hashable, Sendable {
    var profile: Profile
    var privacy: Privacy
}

/// The people this process knows, kept true by Auth's change feed.
///
/// What is known carries the feed position it was read at, so that neither an answer that was on its way while a change
/// came, nor a row of the feed that the answer had seen already, replaces what is newer. A `final class` with a `Mutex`.
final class ProfileCache: Sendable {
    private struct Known<Value: Sendable>: Sendable {
        var value: Value
        var position: Int64
    }

    /// A row of the feed tells only one of the two.
    private struct Entry {
        var profile: Known<Profile>?
        var privacy: Known<Privacy>?
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

    func profile(_ id: UserID) -> Profile? { self.entry(id)?.profile?.value }

    func person(_ id: UserID) -> Person? {
        guard let entry = self.entry(id), let profile = entry.profile, let privacy = entry.privacy else { return nil }
        return Person(profile: profile.value, privacy: privacy.value)
    }

    /// Notes what Auth has answered.
    func note(_ people: [Person], at position: Int64, since generation: Int) {
        self.state.withLock { state in
            guard state.generation == generation else { return }
            for person in people {
                self.change(person.profile.id, in: &state) { entry in
                    Self.note(person.profile, at: position, in: &entry.profile)
                    Self.note(person.privacy, at: position, in: &entry.privacy)
                }
            }
        }
    }

    /// Notes a row of Auth's feed; also of somebody not known yet, about whom an older answer may be on its way.
    func note(_ profile: Profile, at position: Int64) {
        self.state.withLock { state in
            self.change(profile.id, in: &state) { Self.note(profile, at: position, in: &$0.profile) }
        }
    }

    func note(_ privacy: UserPrivacy, at position: Int64) {
        self.state.withLock { state in
            self.change(privacy.user, in: &state) { Self.note(privacy.privacy, at: position, in: &$0.privacy) }
        }
    }

    /// Auth's feed has begun anew: what is known may be stale, and its positions mean nothing.
    func forget() {
        self.state.withLock { state in
            state.recent = [:]
            state.older = [:]
            state.generation += 1
        }
    }

    private func entry(_ id: UserID) -> Entry? {
        self.state.withLock { state in
            if let entry = state.recent[id] { return entry }
            guard let entry = state.older[id] else { return nil }
            self.keep(entry, of: id, in: &state)
            return entry
        }
    }

    private func change(_ id: UserID, in state: inout State, _ body: (inout Entry) -> Void) {
        var entry = state.recent[id] ?? state.older[id] ?? Entry()
        body(&entry)
        self.keep(entry, of: id, in: &state)
    }

    private func keep(_ entry: Entry, of id: UserID, in state: inout State) {
        if state.recent.count >= self.capacity / 2 {
            state.older = state.recent
            state.recent = [:]
        }
        state.recent[id] = entry
    }

    private static func note<Value>(_ value: Value, at position: Int64, in known: inout Known<Value>?) {
        if let known, known.position > position { return }
        known = Known(value: value, position: position)
    }
}
