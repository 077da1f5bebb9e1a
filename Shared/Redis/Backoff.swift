/// How long to wait before the next attempt to connect: doubling from `shortest` to `longest`, half of it left to chance,
/// so that the processes that lost one server together do not come back to it together.
struct Backoff: Sendable {
    let shortest: Duration
    let longest: Duration
    private var next: Duration

    init(shortest: Duration, longest: Duration) {
        self.shortest = shortest
        self.longest = longest
        self.next = shortest
    }

    /// - Parameter chance: 0…1.
    mutating func delay(chance: Double = .random(in: 0...1)) -> Duration {
        let delay = self.next
        self.next = min(self.longest, self.next * 2)
        return delay * (0.5 + 0.5 * chance)
    }

    mutating func reset() { self.next = self.shortest }
}
