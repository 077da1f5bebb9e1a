import ChatAPI
import Foundation
import HTTPTypes
import Logging
import ServiceKit
import Synchronization

/// Who the senders are: asked of Auth, many at once, and kept true by Auth's feed.
///
/// A profile is an ornament of a message: while Auth is out of reach, messages are stored, acknowledged and delivered
/// with what is known of their sender. A `final class` with a `Mutex`, as lanes and requests both read it.
final class ProfileCache: Sendable {
    /// A profile and the position in Auth's feed from which on only later rows may replace it.
    private typealias Known = (profile: Profile, position: Int64)

    private struct State {
        var known: [UserID: Known] = [:]
        /// The last rows of the feed: an answer that was under way while one came may be older than it.
        var recent: [Known] = []
        /// Until when Auth is not asked, after it could not be reached.
        var silentUntil = ContinuousClock.now
    }

    private static let maxKnown = 100_000
    private static let maxRecent = 1_000
    private static let silence = Duration.seconds(1)

    private let lookup: Lookup<UserID, Known>
    private let state = Mutex(State())
    private let logger: Logger

    /// - Parameter patience: how long a message waits for its sender's profile.
    init(auth: ServiceClient, patience: Duration = .milliseconds(500), logger: Logger) {
        self.logger = logger
        self.lookup = Lookup(name: "profiles") { ids in
            let answer: LookupUsers.Answer = try await auth.call(
                .post, "/internal/users/lookup", LookupUsers(ids: ids), timeout: patience)
            return Dictionary(
                answer.users.map { ($0.id, ($0, answer.position)) }, uniquingKeysWith: { first, _ in first })
        }
    }

    /// The senders of entries, as far as they are known or Auth tells.
    func senders(of entries: some Sequence<Entry>) async -> [UserID: Sender] {
        await self.profiles(of: Set(entries.lazy.compactMap(\.sender))).mapValues { Sender($0) }
    }

    /// Profiles, as far as they are known or Auth tells.
    func profiles(of ids: Set<UserID>) async -> [UserID: Profile] {
        var profiles: [UserID: Profile] = [:]
        let (missing, ask) = self.state.withLock { state in
            for id in ids { profiles[id] = state.known[id]?.profile }
            return (ids.filter { state.known[$0] == nil }, state.silentUntil <= .now)
        }
        guard ask, !missing.isEmpty else { return profiles }
        await withTaskGroup(of: Known?.self) { group in
            for id in missing { group.addTask { await self.ask(for: id) } }
            for await known in group {
                if let known { profiles[known.profile.id] = self.keep(known) }
            }
        }
        return profiles
    }

    /// A row of Auth's feed.
    func apply(_ profile: Profile, at position: Int64) {
        self.state.withLock { state in
            state.recent.append((profile, position))
            if state.recent.count > 2 * Self.maxRecent { state.recent.removeFirst(Self.maxRecent) }
            if let known = state.known[profile.id], known.position < position {
                state.known[profile.id] = (profile, position)
            }
        }
    }

    /// Auth's feed starts anew: whatever is known may be stale.
    func clear() {
        self.state.withLock { state in
            state.known = [:]
            state.recent = []
        }
    }

    private func ask(for id: UserID) async -> Known? {
        do {
            return try await self.lookup.value(for: id)
        } catch {
            let isFirst = self.state.withLock { state in
                let isFirst = state.silentUntil <= .now
                state.silentUntil = .now + Self.silence
                return isFirst
            }
            if isFirst { self.logger.warning("profiles could not be had", metadata: ["error": "\(error)"]) }
            return nil
        }
    }

    /// Keeps an answer, or what the feed has told since.
    private func keep(_ answer: Known) -> Profile {
        self.state.withLock { state in
            let id = answer.profile.id
            let later = state.recent.last { $0.profile.id == id && $0.position > answer.position }
            var newest = later ?? answer
            if let known = state.known[id], known.position > newest.position { newest = known }
            // Rarely reached, and any order will do: what is missing is asked for again.
            if state.known.count >= Self.maxKnown { state.known.removeAll() }
            state.known[id] = newest
            return newest.profile
        }
    }
}
