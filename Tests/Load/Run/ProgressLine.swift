import Foundation

/// One line on standard error that says how far a run is; where that is no terminal, a line every ten seconds.
actor ProgressLine {
    private let isTerminal = isatty(2) == 1
    private let started = ContinuousClock.now
    private var phase = ""
    private var last = Counts()
    private var lines = 0

    func enter(_ phase: String) {
        self.phase = phase
        if !self.isTerminal { self.write("\(phase)\n") }
    }

    /// Once a second.
    func show(_ counts: Counts) {
        defer { self.last = counts }
        self.lines += 1
        guard self.isTerminal || self.lines % 10 == 0 else { return }
        let seconds = Int(self.started.duration(to: .now) / .seconds(1))
        let text =
            "\(seconds) s  \(self.phase): \(counts.ready) ready, \(counts.sent) sent, \(counts.pending) pending, "
            + "\(counts.delivered) delivered (+\(counts.delivered - self.last.delivered)), \(counts.refused) refused, "
            + "\(counts.closed) closed"
        self.write(self.isTerminal ? "\r\u{1B}[K\(text)" : "\(text)\n")
    }

    func end() {
        if self.isTerminal { self.write("\r\u{1B}[K") }
    }

    private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
