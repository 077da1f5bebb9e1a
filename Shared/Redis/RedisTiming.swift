/// How patient the client is. The defaults suit servers in the same data centre.
package struct RedisTiming: Hashable, Sendable {
    /// From the start of a connection to the answers to its greeting.
    package var connecting: Duration
    /// A connection that has been silent for this long is asked for a sign of life; after three times as long it is dead.
    package var heartbeat: Duration
    /// Before the first new attempt after a loss; each further one waits twice as long, up to the longest. That is well
    /// below the 5 s within which everybody knows everything once a server is back, however long it was away.
    package var shortestPause: Duration
    package var longestPause: Duration

    package init(
        connecting: Duration = .seconds(3), heartbeat: Duration = .seconds(1),
        shortestPause: Duration = .milliseconds(100), longestPause: Duration = .seconds(1)
    ) {
        self.connecting = connecting
        self.heartbeat = heartbeat
        self.shortestPause = shortestPause
        self.longestPause = longestPause
    }
}
