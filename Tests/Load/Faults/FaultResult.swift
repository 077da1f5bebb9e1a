import Foundation

/// What one fault has done. Times are seconds since it struck.
struct FaultResult: Codable, Sendable {
    let fault: Fault
    /// What was killed had been started again; traffic had ended just before.
    var mendedAfter = 0.0
    /// The last client that had lost its connection was ready again; 0 where none had.
    var backAfter = 0.0
    /// The last entry came to the last member that lacked it.
    var completeAfter = 0.0
    /// Connections that were lost, and messages that were sent once more.
    var closed = 0
    var repeated = 0
    /// What is wrong still.
    var away = 0
    var pending = 0
    var lost = 0

    init(_ fault: Fault) { self.fault = fault }

    /// Everybody is there, and everything is everywhere.
    var isWhole: Bool { self.away == 0 && self.pending == 0 && self.lost == 0 }

    var failure: String? {
        guard !self.isWhole else { return nil }
        return "\(self.fault.rawValue): \(self.away) clients are not back, \(self.pending) messages not acknowledged, "
            + "\(self.lost) deliveries missing"
    }

    var summary: String {
        let name = self.fault.rawValue.padding(toLength: 14, withPad: " ", startingAt: 0)
        var text = "\(name)\(self.closed) connections closed, \(self.repeated) messages repeated; mended after "
        text += "\(RunResults.number(self.mendedAfter)) s, "
        text += self.backAfter > 0 ? "all back after \(RunResults.number(self.backAfter)) s, " : "nobody had gone, "
        text += self.isWhole ? "everything everywhere after \(RunResults.number(self.completeAfter)) s" : "NOT WHOLE"
        return text
    }
}
