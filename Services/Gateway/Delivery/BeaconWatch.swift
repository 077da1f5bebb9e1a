/// Whether one Redis server still lets this node hear: the beacon is published there every 2 s.
///
/// After 5 s of silence, or once its subscriptions were lost, the node is deaf there until they are confirmed again and it
/// has asked for all heads. Meanwhile it asks every 5 s.
struct BeaconWatch<Instant: InstantProtocol> {
    private let patience: Instant.Duration
    private var lastHeard: Instant
    private var isSubscribed = false
    private var isChecking = false
    /// The heads asked for now were asked for before the newest trouble.
    private var mustCheckAgain = false
    private(set) var isDeaf = true

    /// Deaf at first: nothing was heard yet.
    init(patience: Instant.Duration, now: Instant) {
        self.patience = patience
        self.lastHeard = now
    }

    enum Action: Equatable {
        /// Ask for all heads there; then call ``checked(succeeded:now:)``.
        case check
        /// Drop the connection first: it may be alive in name only.
        case resubscribeAndCheck
    }

    mutating func heard(now: Instant) { self.lastHeard = now }

    mutating func lost() {
        self.isSubscribed = false
        self.isDeaf = true
    }

    /// The subscriptions are confirmed (again).
    mutating func subscribed(now: Instant) -> Action? {
        self.lastHeard = now
        self.isSubscribed = true
        self.isDeaf = true
        return self.begin(.check)
    }

    /// To be asked several times a second.
    mutating func tick(now: Instant) -> Action? {
        guard !self.isChecking, self.lastHeard.duration(to: now) >= self.patience else { return nil }
        self.isSubscribed = false
        self.isDeaf = true
        self.lastHeard = now
        return self.begin(.resubscribeAndCheck)
    }

    /// - Returns: what to do next, if anything.
    mutating func checked(succeeded: Bool, now: Instant) -> Action? {
        self.isChecking = false
        if self.mustCheckAgain {
            self.mustCheckAgain = false
            return self.begin(.check)
        }
        if succeeded, self.isSubscribed { self.isDeaf = false }
        return nil
    }

    private mutating func begin(_ action: Action) -> Action? {
        guard !self.isChecking else {
            self.mustCheckAgain = true
            return nil
        }
        self.isChecking = true
        return action
    }
}
