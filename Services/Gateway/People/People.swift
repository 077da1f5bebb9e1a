import ChatAPI
import Metrics
import ServiceKit
import Sockets
import Synchronization

/// The users who have sockets on this node: a room for each, and how much they have done lately.
///
/// A `final class` with a `Mutex`: event loops and the I/O thread both ask it.
final class People: Sendable {
    struct Limits: Sendable {
        var socketsPerUser = 20
        var eventsPerSecond = 20
        var burst = 100
    }

    private struct TypingPlace: Hashable {
        var user: UserID
        var chatroom: ChatroomID
    }

    private struct Person {
        let room: Room
        var sockets: Int
    }

    private struct State {
        var persons: [UserID: Person] = [:]
        var rates: RateLimiter<UserID>
        var typing = RateLimiter<TypingPlace>(perSecond: 1.0 / 3, burst: 1)
        var makeRoom: (@Sendable (String) -> Room)?
        var everyone: Room?
    }

    private let limits: Limits
    private let state: Mutex<State>

    init(limits: Limits) {
        self.limits = limits
        self.state = Mutex(
            State(rates: RateLimiter(perSecond: Double(limits.eventsPerSecond), burst: limits.burst)))
    }

    /// Before the first socket.
    func start(makeRoom: @escaping @Sendable (String) -> Room) {
        self.state.withLock { state in
            state.makeRoom = makeRoom
            state.everyone = makeRoom("everyone")
        }
    }

    /// All sockets.
    var everyone: Room? { self.state.withLock { $0.everyone } }

    /// One socket more.
    ///
    /// - Returns: the user's room; `nil` where they have too many sockets, and this one is not counted.
    func arrive(_ user: UserID) -> Room? {
        self.state.withLock { state in
            if let person = state.persons[user] {
                guard person.sockets < self.limits.socketsPerUser else { return nil }
                state.persons[user]?.sockets += 1
                return person.room
            }
            guard let room = state.makeRoom?("user:\(user)") else { preconditionFailure("people come after the start") }
            state.persons[user] = Person(room: room, sockets: 1)
            return room
        }
    }

    func depart(_ user: UserID) {
        self.state.withLock { state in
            guard let person = state.persons[user] else { return }
            if person.sockets == 1 { state.persons[user] = nil } else { state.persons[user]?.sockets -= 1 }
        }
    }

    /// The sockets of a user on this node, if there are any.
    func room(of user: UserID) -> Room? { self.state.withLock { $0.persons[user]?.room } }

    /// Counts one event of a user.
    ///
    /// - Returns: `nil` if it may be, else how long until the next may.
    func takeTurn(_ user: UserID) -> Duration? { self.state.withLock { $0.rates.take(user, at: .now) } }

    /// Once in three seconds for each user and chatroom.
    func mayType(_ user: UserID, in chatroom: ChatroomID) -> Bool {
        let place = TypingPlace(user: user, chatroom: chatroom)
        return self.state.withLock { $0.typing.take(place, at: .now) } == nil
    }
}
