import ChatAPI

/// Two people in the one order in which rows about both are kept and locked.
struct Pair: Hashable, Sendable {
    let low: UserID
    let high: UserID

    /// Traps where both are the same person: whoever takes ids from outside refuses that first.
    init(_ one: UserID, _ other: UserID) {
        precondition(one != other, "a pair is two people")
        self.low = min(one, other)
        self.high = max(one, other)
    }

    /// Names the direct chatroom of the two: there can be only one.
    var directKey: String { "\(self.low):\(self.high)" }
}
