import ChatAPI
import Logging
import ServiceKit
import Synchronization

/// What the people on this node let others see: asked of Auth as they come, many at once, and kept true by its feed.
///
/// Until it is known of somebody, they show nothing of themself. A `final class` with a `Mutex`: event loops, the I/O thread
/// and tasks ask it.
final class Privacies: Sendable {
    /// What is mutual: who does not tell others is not told either.
    enum Sign: Sendable {
        case typing, read

        /// Which one an ephemeral event is; `nil` for any other.
        init?(ofEvent event: Substring) {
            if event.hasPrefix("[\"typing\",") {
                self = .typing
            } else if event.hasPrefix("[\"read\",") {
                self = .read
            } else {
                return nil
            }
        }
    }

    private struct Person {
        var sockets: Set<String> = []
        var privacy: Privacy?
        /// Auth's feed has been heard up to there about this person.
        var position: Int64 = 0
    }

    private struct State {
        var persons: [UserID: Person] = [:]
        /// To be asked for.
        var unknown: Set<UserID> = []
        var isAsking = false
        /// The sockets of those who are not told.
        var untoldOfTyping: Set<String> = []
        var untoldOfReading: Set<String> = []
        /// Changes when the feed has begun anew: an answer that was asked for before is not noted any more.
        var generation = 0
    }

    private static var pause: Duration { .seconds(1) }

    private let state = Mutex(State())
    private let auth: AuthClient
    private let tasks: BackgroundTasks
    private let logger: Logger

    init(auth: AuthClient, tasks: BackgroundTasks, logger: Logger) {
        self.auth = auth
        self.tasks = tasks
        self.logger = logger
    }

    // MARK: What sockets do

    func arrived(_ user: UserID, on socket: String) {
        let begins = self.state.withLock { state in
            state.persons[user, default: Person()].sockets.insert(socket)
            if let privacy = state.persons[user]?.privacy {
                Self.sort(socket, by: privacy, in: &state)
                return false
            }
            return Self.wish(for: [user], in: &state)
        }
        if begins { self.tasks.start { await self.ask() } }
    }

    func departed(_ user: UserID, from socket: String) {
        self.state.withLock { state in
            state.untoldOfTyping.remove(socket)
            state.untoldOfReading.remove(socket)
            state.persons[user]?.sockets.remove(socket)
            if state.persons[user]?.sockets.isEmpty == true { state.persons[user] = nil }
        }
    }

    // MARK: What is asked

    /// Of somebody who has a socket here, if it is known yet.
    func privacy(of user: UserID) -> Privacy? { self.state.withLock { $0.persons[user]?.privacy } }

    /// Of anybody; whoever is not known here is asked for.
    func privacies(of users: some Collection<UserID>) async throws -> [UserID: Privacy] {
        var found = self.state.withLock { state in
            users.reduce(into: [UserID: Privacy]()) { $0[$1] = state.persons[$1]?.privacy }
        }
        let unknown = users.filter { found[$0] == nil }
        guard !unknown.isEmpty else { return found }
        let answer = try await self.auth.privacies(of: unknown)
        for user in unknown { found[user] = answer.privacies[user] ?? .usual }
        return found
    }

    /// The sockets that a sign of others is kept from.
    func untold(of sign: Sign) -> Set<String> {
        self.state.withLock { state in
            switch sign {
            case .typing: state.untoldOfTyping
            case .read: state.untoldOfReading
            }
        }
    }

    // MARK: What Auth's feed tells

    /// - Returns: whether somebody who has a socket here shows their presence to others than was known.
    func note(_ change: UserPrivacy, at position: Int64) -> Bool {
        self.state.withLock { state in
            guard let person = state.persons[change.user] else { return false }
            Self.note(change.privacy, of: change.user, at: position, in: &state)
            return person.privacy?.presence != state.persons[change.user]?.privacy?.presence
        }
    }

    /// The feed has begun anew: all are asked for again.
    func forget() {
        let begins = self.state.withLock { state in
            state.generation += 1
            for user in state.persons.keys { state.persons[user]?.position = 0 }
            return Self.wish(for: state.persons.keys, in: &state)
        }
        if begins { self.tasks.start { await self.ask() } }
    }

    private static func wish(for users: some Sequence<UserID>, in state: inout State) -> Bool {
        state.unknown.formUnion(users)
        guard !state.isAsking, !state.unknown.isEmpty else { return false }
        state.isAsking = true
        return true
    }

    /// All who have come meanwhile together, until nobody is left.
    private func ask() async {
        while true {
            let (users, generation) = self.state.withLock { state in
                defer { state.unknown = [] }
                if state.unknown.isEmpty { state.isAsking = false }
                return (Array(state.unknown), state.generation)
            }
            if users.isEmpty || Task.isCancelled { return }
            do {
                let answer = try await self.auth.privacies(of: users)
                self.state.withLock { state in
                    guard state.generation == generation else { return }
                    for user in users {
                        Self.note(answer.privacies[user] ?? .usual, of: user, at: answer.position, in: &state)
                    }
                }
            } catch {
                self.logger.warning("privacy was not answered", metadata: ["error": "\(error)"])
                try? await Task.sleep(for: Self.pause)
                self.state.withLock { state in
                    state.unknown.formUnion(users.filter { state.persons[$0] != nil })
                }
            }
        }
    }

    private static func note(_ privacy: Privacy, of user: UserID, at position: Int64, in state: inout State) {
        guard let person = state.persons[user], person.position <= position else { return }
        state.persons[user]?.privacy = privacy
        state.persons[user]?.position = position
        for socket in person.sockets { Self.sort(socket, by: privacy, in: &state) }
    }

    private static func sort(_ socket: String, by privacy: Privacy, in state: inout State) {
        if privacy.typing { state.untoldOfTyping.remove(socket) } else { state.untoldOfTyping.insert(socket) }
        if privacy.receipts { state.untoldOfReading.remove(socket) } else { state.untoldOfReading.insert(socket) }
    }
}
