/// How long to wait before connecting again: about twice as long each time, between 0.1 and 2 s, never the same for
/// two processes, so that a server that comes back is not met by all of them at once. Within 5 s of its return everybody
/// is to know everything, which takes a beacon too.
struct Backoff {
    static let least = Duration.milliseconds(100)
    static let most = Duration.seconds(2)

    private var ceiling = Backoff.least

    /// A random part of a ceiling that doubles.
    mutating func next(using generator: inout some RandomNumberGenerator) -> Duration {
        self.ceiling = min(self.ceiling * 2, Self.most)
        return Self.least + (self.ceiling - Self.least) * Double.random(in: 0...1, using: &generator)
    }

    mutating func next() -> Duration {
        var generator = SystemRandomNumberGenerator()
        return self.next(using: &generator)
    }

    /// After a success.
    mutating func reset() { self.ceiling = Self.least }
}
