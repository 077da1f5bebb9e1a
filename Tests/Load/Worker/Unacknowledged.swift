/// The messages of one client of which nobody has said yet that they are stored. Each is named by the time at which it was
/// due to be sent, and is sent again under that name until it is acknowledged.
struct Unacknowledged {
    private struct Message {
        let dueAt: UInt64
        var repeatAt: UInt64
    }

    /// A Gateway answers within so many nanoseconds, or is asked again.
    static let patience: UInt64 = 10_000_000_000
    /// After "not now".
    static let pause: UInt64 = 1_000_000_000

    private var messages: [Message] = []

    var count: Int { self.messages.count }

    mutating func sent(_ dueAt: UInt64, at now: UInt64) {
        self.messages.append(Message(dueAt: dueAt, repeatAt: now + Self.patience))
    }

    /// - Returns: whether it was awaited; a message that was sent twice is acknowledged twice.
    mutating func settled(_ dueAt: UInt64) -> Bool {
        guard let place = self.messages.firstIndex(where: { $0.dueAt == dueAt }) else { return false }
        self.messages.remove(at: place)
        return true
    }

    mutating func postponed(_ dueAt: UInt64, at now: UInt64) {
        guard let place = self.messages.firstIndex(where: { $0.dueAt == dueAt }) else { return }
        self.messages[place].repeatAt = now + Self.pause
    }

    /// Those to be sent again now, in the order in which they were first sent.
    mutating func overdue(at now: UInt64) -> [UInt64] { self.again(at: now) { $0.repeatAt <= now } }

    /// All of them: what was sent on a connection that is gone may not have come.
    mutating func all(at now: UInt64) -> [UInt64] { self.again(at: now) { _ in true } }

    private mutating func again(at now: UInt64, where isWanted: (Message) -> Bool) -> [UInt64] {
        var wanted: [UInt64] = []
        for place in self.messages.indices where isWanted(self.messages[place]) {
            self.messages[place].repeatAt = now + Self.patience
            wanted.append(self.messages[place].dueAt)
        }
        return wanted
    }
}
