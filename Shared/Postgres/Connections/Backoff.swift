/// How long to wait before connecting again: about twice as long each time, between 0.1 and 5 s, never the same for
/// two processes, so that a server that comes back is not met by all of them at once.
struct Backoff {
    static let least = Duration.milliseconds(100)
    static let most = Duration.seconds(5)

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
