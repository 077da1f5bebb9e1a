import ChatAPI

/// The share of a run that one worker carries: the clients `first ..< first + count` of all.
struct WorkerPlan: Codable, Sendable {
    var secret: String
    var targets: [Target]
    var first: Int
    var count: Int
    var chatrooms: Int
    /// Addresses from 127.0.0.2 on that connections come from; 0: any.
    var sources: Int
    /// Of this worker's; 0: all at once.
    var connectionsPerSecond: Double
    var messageBytes: Int
    /// Which worker of how many: their messages take turns.
    var index: Int
    var workers: Int
    /// How long tokens hold, in seconds.
    var tokenLife: Int64
    /// How many talk, all of them at the first Gateway, while the others listen at the other ones; 0: everybody talks.
    var talkers = 0

    func isTalker(_ client: Int) -> Bool { self.talkers == 0 || client < self.talkers }

    /// Members of a chatroom are spread over all Gateways, and each attempt goes to the next, as a balancer would send it:
    /// who has lost one finds another.
    ///
    /// - Parameter attempt: of all that this client has made, from 1.
    func target(of client: Int, attempt: Int) -> Target {
        if self.talkers > 0, self.targets.count > 1 {
            return client < self.talkers ? self.targets[0] : self.targets[1 + client % (self.targets.count - 1)]
        }
        return self.targets[(client / self.chatrooms + attempt - 1) % self.targets.count]
    }
}

/// What the run says to a worker: one line of JSON each. Times are nanoseconds of the monotonic clock, which all
/// processes of a machine share.
enum WorkerCommandMessage: Codable, Sendable {
    case prepare(WorkerPlan)
    case connect(at: UInt64)
    /// `churn`: connections of this worker that are closed per second, to come back.
    case traffic(from: UInt64, until: UInt64, perSecond: Double, measureFrom: UInt64, churn: Double)
    case stopTraffic
    case disconnect
    /// Tell what was found so far.
    case finish
    /// The logs' heads, for what is missing at the end.
    case check(heads: [ChatroomID: Seq])
}

/// What a worker says to the run.
enum WorkerReport: Codable, Sendable {
    case prepared
    case progress(Counts)
    /// All its clients are ready; when the last became so.
    case entered(at: UInt64)
    case disconnected
    case finished(WorkerResults)
    case checked(lost: Int)
    case failed(String)
}

struct WorkerResults: Codable, Sendable {
    var counts: Counts
    /// From when a message was due until a receiver had it.
    var delivery: Histogram
    /// From when a message was due until its sender had the acknowledgement.
    var acknowledgement: Histogram
    /// From the first attempt to connect until `ready`.
    var entrance: Histogram
    /// The highest acknowledged seq.
    var heads: [ChatroomID: Seq]
    /// When the latest became ready, and when the latest delivery came.
    var enteredAt: UInt64
    var deliveredAt: UInt64

    mutating func add(_ other: WorkerResults) {
        self.counts = self.counts + other.counts
        self.delivery.add(other.delivery)
        self.acknowledgement.add(other.acknowledgement)
        self.entrance.add(other.entrance)
        self.heads.merge(other.heads) { max($0, $1) }
        self.enteredAt = max(self.enteredAt, other.enteredAt)
        self.deliveredAt = max(self.deliveredAt, other.deliveredAt)
    }
}

/// What has happened so far.
struct Counts: Codable, Sendable, Equatable {
    /// Now.
    var ready = 0
    var attempts = 0
    /// TCP connections that failed.
    var failed = 0
    /// Handshakes answered with anything but 101; the client tries again.
    var refused = 0
    /// CONNECT_ERROR: final.
    var rejected = 0
    /// Closed by the server after `ready`.
    var closed = 0
    var timedOut = 0
    /// Not understood, or not to be.
    var rubbish = 0
    var behind = 0
    var sent = 0
    /// Sent once more with the same client id: after a new connection, "unavailable", or no answer.
    var repeated = 0
    /// No client was ready to send it.
    var unsendable = 0
    var acknowledged = 0
    /// Not acknowledged yet.
    var pending = 0
    var refusals: [String: Int] = [:]
    var delivered = 0
    var doubled = 0
    var reordered = 0
    var holes = 0
    var bytes = 0
    /// Of the measured time alone.
    var measuredAcknowledged = 0
    var measuredDelivered = 0
    /// To those who only listen.
    var measuredHeard = 0

    static func + (a: Counts, b: Counts) -> Counts {
        var sum = a
        sum.ready += b.ready
        sum.attempts += b.attempts
        sum.failed += b.failed
        sum.refused += b.refused
        sum.rejected += b.rejected
        sum.closed += b.closed
        sum.timedOut += b.timedOut
        sum.rubbish += b.rubbish
        sum.behind += b.behind
        sum.sent += b.sent
        sum.repeated += b.repeated
        sum.unsendable += b.unsendable
        sum.acknowledged += b.acknowledged
        sum.pending += b.pending
        sum.refusals.merge(b.refusals) { $0 + $1 }
        sum.delivered += b.delivered
        sum.doubled += b.doubled
        sum.reordered += b.reordered
        sum.holes += b.holes
        sum.bytes += b.bytes
        sum.measuredAcknowledged += b.measuredAcknowledged
        sum.measuredDelivered += b.measuredDelivered
        sum.measuredHeard += b.measuredHeard
        return sum
    }
}
