import ChatAPI
import Foundation
import Logging
import ServiceKit
import Synchronization

/// Something that Auth knows of each user: asked for many at once, and kept true by its feed.
///
/// While Auth is out of reach, what is known is told, and nobody waits. A `final class` with a `Mutex`, as lanes and requests
/// both read it.
final class FeedCache<Value: Sendable>: Sendable {
    /// A value and the position in Auth's feed from which on only later rows may replace it.
    typealias Known = (value: Value, position: Int64)
    typealias Call = @Sendable ([UserID]) async throws -> (values: [UserID: Value], position: Int64)

    private struct State {
        var known: [UserID: Known] = [:]
        /// The last rows of the feed: an answer that was under way while one came may be older than it.
        var recent: [(user: UserID, known: Known)] = []
        /// Until when Auth is not asked, after it could not be reached.
        var silentUntil = ContinuousClock.now
    }

    private static var maxKnown: Int { 100_000 }
    private static var maxRecent: Int { 1_000 }
    private static var silence: Duration { .seconds(1) }

    private let name: String
    private let lookup: Lookup<UserID, Known>
    private let state = Mutex(State())
    private let logger: Logger

    init(name: String, logger: Logger, call: @escaping Call) {
        self.name = name
        self.logger = logger
        self.lookup = Lookup(name: name) { ids in
            let answer = try await call(ids)
            return answer.values.mapValues { ($0, answer.position) }
        }
    }

    /// As far as they are known or Auth tells.
    func values(of ids: Set<UserID>) async -> [UserID: Value] {
        var values: [UserID: Value] = [:]
        let (missing, ask) = self.state.withLock { state in
            for id in ids { values[id] = state.known[id]?.value }
            return (ids.filter { state.known[$0] == nil }, state.silentUntil <= .now)
        }
        guard ask, !missing.isEmpty else { return values }
        await withTaskGroup(of: (UserID, Known?).self) { group in
            for id in missing { group.addTask { (id, await self.ask(for: id)) } }
            for await (id, known) in group {
                if let known { values[id] = self.keep(known, of: id) }
            }
        }
        return values
    }

    /// A row of Auth's feed.
    func apply(_ value: Value, of user: UserID, at position: Int64) {
        self.state.withLock { state in
            state.recent.append((user, (value, position)))
            if state.recent.count > 2 * Self.maxRecent { state.recent.removeFirst(Self.maxRecent) }
            if let known = state.known[user], known.position < position { state.known[user] = (value, position) }
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
            if isFirst { self.logger.warning("\(self.name) could not be had", metadata: ["error": "\(error)"]) }
            return nil
        }
    }

    /// Keeps an answer, or what the feed has told since.
    private func keep(_ answer: Known, of user: UserID) -> Value {
        self.state.withLock { state in
            var newest = state.recent.last { $0.user == user && $0.known.position > answer.position }?.known ?? answer
            if let known = state.known[user], known.position > newest.position { newest = known }
            // Rarely reached, and any order will do: what is missing is asked for again.
            if state.known.count >= Self.maxKnown { state.known.removeAll() }
            state.known[user] = newest
            return newest.value
        }
    }
}
