import ArgumentParser

/// What happens to Gateways, or to the Redis they hear each other by.
enum Fault: String, CaseIterable, Codable, Sendable, ExpressibleByArgument {
    /// `FLUSHALL`, again and again.
    case redisFlush = "redis-flush"
    /// `CLIENT KILL TYPE pubsub`, again and again: no Gateway hears anything for long.
    case deafen
    /// Redis is killed, and started again.
    case redisKill = "redis-kill"
    /// A Gateway is killed, and started again.
    case kill
    /// A Gateway is sent SIGTERM, sends its clients away in waves, ends, and is started again.
    case term
}

struct FaultOptions: Sendable {
    var faults: [Fault]
    /// How long each lasts; traffic goes on meanwhile. A Gateway told to end takes as long as it takes.
    var outage: Duration
    /// Within what time all must be well again after it.
    var patience: Duration

    func validate(_ options: RunOptions) throws {
        guard options.start, options.gateways >= 2 else {
            throw ValidationError("faults are for what the run has started itself: --start --gateways 2, or more")
        }
        guard (Duration.milliseconds(100) ... .seconds(600)).contains(self.outage),
            (Duration.seconds(1) ... .seconds(600)).contains(self.patience)
        else { throw ValidationError("--outage is 0.1 to 600, --within 1 to 600") }
    }
}
