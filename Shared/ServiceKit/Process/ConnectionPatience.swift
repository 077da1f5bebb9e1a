import NIOCore

/// How long a connection is borne with: for the head of a request, for the bytes of a body, for a body that nobody reads
/// any more, and for an answer that is not taken. The rules, without I/O; ``PatienceHandler`` carries them out.
///
/// A client that sends or reads a byte a second, or sends a body without end, must not hold a connection for ever.
struct ConnectionPatience {
    /// A body must bring so much in each `limit` while it is waited for.
    static let bytesPerWindow = 10 * 1024
    /// What is still read of a body after its answer, so that the client sees the answer and not a broken connection.
    static let unreadTime = TimeAmount.seconds(5)
    static let unreadBytes = 1 << 20

    private let limit: TimeAmount
    private var headUntil: NIODeadline?
    private var body: (windowEnds: NIODeadline, bytes: Int)?
    private var unread: (until: NIODeadline, bytes: Int)?
    private var stuckSince: NIODeadline?
    /// Requests whose end has come, and answers that have ended; an answer may end before its request.
    private var (requests, answers) = (0, 0)

    /// - Parameter limit: for a whole head, from the connection or, for a later one, from its first byte; for each window
    ///   of a body; for the client to take any of an answer.
    init(connectedAt now: NIODeadline, limit: TimeAmount) {
        self.limit = limit
        self.headUntil = now + limit
    }

    /// Bytes have come that made no part of a request yet: of a head, where nothing else is under way.
    mutating func bytesCame(at now: NIODeadline) {
        guard self.headUntil == nil, self.body == nil, self.requests == self.answers else { return }
        self.headUntil = now + self.limit
    }

    mutating func requestBegan(at now: NIODeadline) {
        self.headUntil = nil
        self.body = (now + self.limit, 0)
    }

    mutating func bodyCame(_ bytes: Int) {
        self.body?.bytes += bytes
        self.unread?.bytes += bytes
    }

    mutating func requestEnded() {
        self.requests += 1
        (self.body, self.unread) = (nil, nil)
    }

    mutating func answerEnded(at now: NIODeadline) {
        self.answers += 1
        if self.answers > self.requests { self.unread = (now + Self.unreadTime, 0) }
    }

    mutating func writabilityChanged(to isWritable: Bool, at now: NIODeadline) {
        self.stuckSince = isWritable ? nil : now
    }

    /// Whether so many bytes of an unread body are enough; asked at each of them.
    var isFlooded: Bool { (self.unread?.bytes ?? 0) > Self.unreadBytes }

    /// Whether it is over; asked every few seconds.
    ///
    /// - Parameter isWaiting: whether we wait for the client's bytes; where it waits for us it is not to blame.
    mutating func isOver(at now: NIODeadline, isWaiting: Bool) -> Bool {
        if let until = self.headUntil, now >= until { return true }
        if let unread = self.unread, now >= unread.until { return true }
        if let since = self.stuckSince, now >= since + self.limit { return true }
        if let body = self.body, now >= body.windowEnds {
            if isWaiting, body.bytes < Self.bytesPerWindow { return true }
            self.body = (now + self.limit, 0)
        }
        return false
    }
}
