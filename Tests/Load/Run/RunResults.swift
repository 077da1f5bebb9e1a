import Foundation

/// What a run has found, for machines (`--json`) and for people (``summary``). Times are milliseconds unless named.
struct RunResults: Codable, Sendable {
    struct Latencies: Codable, Sendable {
        var count: UInt64
        var mean: Double
        var p50: Double
        var p90: Double
        var p99: Double
        var p999: Double
        var max: Double

        init(_ histogram: Histogram) {
            self.count = histogram.count
            self.mean = histogram.mean
            self.p50 = histogram.quantile(0.5)
            self.p90 = histogram.quantile(0.9)
            self.p99 = histogram.quantile(0.99)
            self.p999 = histogram.quantile(0.999)
            self.max = Double(histogram.max) / 1_000
        }
    }

    /// Everybody comes once.
    struct Round: Codable, Sendable {
        /// Until the last was ready.
        var seconds: Double
        var gatewayCPUSeconds: Double
        var workerCPUSeconds = 0.0
        /// Of the stub and Redis; 0 where the run has not started them.
        var otherCPUSeconds = 0.0
        /// PSS afterwards.
        var gatewayMemoryBytes: Int
        /// Once all have gone again; 0 where they stay.
        var gatewayMemoryBytesAfter = 0
        var repeatedSYNs: Int
    }

    var run: String
    var at = Date.now.ISO8601Format()
    var loadAverageBefore: Double
    var connections: Int
    var chatrooms: Int
    var gateways: Int
    var workers: Int
    var rate: Double
    var seconds: Double
    var rounds: [Round] = []
    var faults: [FaultResult] = []
    /// PSS of all Gateways before anybody came, and per connection with all of them ready and quiet.
    var memoryBytesBefore = 0
    var memoryBytesPerConnection = 0.0
    var counts = Counts()
    var lost = 0
    /// Messages in all logs together, by the highest acknowledged seqs.
    var stored = 0
    var deliveredPerSecond = 0.0
    /// Of all Gateways, in the measured time.
    var gatewayCPUs = 0.0
    var workerCPUs = 0.0
    /// Of the Gateways at which nobody talks, where some only listen, and how much they deliver for that.
    var listeningCPUs = 0.0
    var deliveriesPerListeningCPUSecond = 0.0
    var gatewayMicrosecondsPerMessage = 0.0
    var gatewayMicrosecondsPerDelivery = 0.0
    var delivery = Latencies(Histogram())
    var acknowledgement = Latencies(Histogram())
    var entrance = Latencies(Histogram())
    var stub: [String: Stub.Count] = [:]
    /// Which thresholds were not kept.
    var failures: [String] = []

    var disordered: Int { self.lost + self.counts.doubled + self.counts.reordered }
    var errors: Int { self.counts.pending + self.counts.refusals.values.reduce(0, +) + self.counts.rejected }

    var stubCalls: Int { self.stub.values.reduce(0) { $0 + $1.calls } }

    /// By how many percent more memory the Gateways held after a round than after the first, at most.
    var memoryGrowth: Double? {
        guard let first = self.rounds.first?.gatewayMemoryBytesAfter, first > 0 else { return nil }
        return self.rounds.dropFirst().map { Double($0.gatewayMemoryBytesAfter - first) / Double(first) * 100 }.max()
    }

    mutating func judge(_ options: RunOptions) {
        if let most = options.maxP99, self.delivery.p99 > most {
            self.failures.append(
                "p99 of delivery is \(Self.number(self.delivery.p99)) ms, above \(Self.number(most)) ms")
        }
        if self.disordered > options.maxLost {
            self.failures.append("\(self.disordered) deliveries lost, doubled or out of order")
        }
        if self.errors > options.maxErrors {
            self.failures.append("\(self.errors) messages refused or not acknowledged, or clients rejected")
        }
        if let most = options.maxConnectTime, let worst = self.rounds.map(\.seconds).max(), worst > most {
            self.failures.append("all were ready after \(Self.number(worst)) s, above \(Self.number(most)) s")
        }
        if let most = options.maxCalls, self.stubCalls > most || self.stub.isEmpty {
            self.failures.append("the stub was called \(self.stubCalls) times; more than \(most), or it is not known")
        }
        if let most = options.maxGrowth {
            if let growth = self.memoryGrowth, growth > most {
                self.failures.append(
                    "memory has grown by \(Self.number(growth)) % after the first round, above \(Self.number(most)) %")
            } else if self.memoryGrowth == nil {
                self.failures.append("memory is not known after two rounds: --max-growth takes --start or --pid")
            }
        }
        self.judgeFaults()
    }

    private mutating func judgeFaults() {
        guard !self.faults.isEmpty else { return }
        self.failures += self.faults.compactMap(\.failure)
        if self.counts.behind > 0 {
            self.failures.append("\(self.counts.behind) clients were told to read what they missed in pages")
        }
        if self.counts.sent == 0 { self.failures.append("nothing was sent") }
        // A repeated message that is stored twice has two numbers.
        if self.stored != self.counts.sent {
            self.failures.append("the logs hold \(self.stored) messages of \(self.counts.sent) sent")
        }
    }

    /// Five lines or so.
    var summary: String {
        func latencies(_ name: String, _ times: Latencies) -> String {
            guard times.count > 0 else { return "" }
            let values = [
                ("p50", times.p50), ("p90", times.p90), ("p99", times.p99), ("p99.9", times.p999), ("max", times.max),
            ]
            return "  \(name)  " + values.map { "\($0.0) \(Self.number($0.1)) ms" }.joined(separator: "   ") + "\n"
        }
        var text =
            "\(self.run): \(self.connections) connections in \(self.chatrooms) chatrooms at \(self.gateways) Gateway(s), "
        text += "\(self.workers) worker(s), load average before \(Self.number(self.loadAverageBefore))\n"
        for (number, round) in self.rounds.enumerated() {
            text += "  coming \(number + 1)      all ready after \(Self.number(round.seconds)) s, "
            text += "\(Self.number(round.gatewayCPUSeconds)) s of Gateway CPU, "
            text += "\(Self.number(round.workerCPUSeconds)) s of the workers', "
            if round.otherCPUSeconds > 0 { text += "\(Self.number(round.otherCPUSeconds)) s of stub and Redis, " }
            text += "\(Self.mebibytes(round.gatewayMemoryBytes)), \(round.repeatedSYNs) SYNs repeated"
            if round.gatewayMemoryBytesAfter > 0 {
                text += "; \(Self.mebibytes(round.gatewayMemoryBytesAfter)) once all had gone"
            }
            text += "\n"
        }
        for fault in self.faults { text += "  \(fault.summary)\n" }
        if self.memoryBytesPerConnection > 0 {
            text += "  memory        \(Self.number(self.memoryBytesPerConnection / 1_024)) KiB per connection, quiet\n"
        }
        text += latencies("entrance    ", self.entrance)
        text += latencies("delivery    ", self.delivery)
        text += latencies("acknowledged", self.acknowledgement)
        let counts = self.counts
        text += "  messages      \(counts.sent) sent, \(counts.acknowledged) acknowledged, "
        text += "\(counts.repeated) repeated, \(counts.delivered) delivered"
        text += self.deliveredPerSecond > 0 ? " (\(Self.number(self.deliveredPerSecond))/s)\n" : "\n"
        text += "  wrong         \(self.lost) lost, \(counts.doubled) doubled, \(counts.reordered) out of order, "
        text += "\(counts.holes) holes seen, \(self.errors) refused, \(counts.closed) connections closed, "
        text += "\(counts.refused) handshakes refused, \(counts.timedOut) timed out, \(counts.failed) failed\n"
        if self.gatewayCPUs > 0 {
            text +=
                "  Gateway CPU   \(Self.number(self.gatewayCPUs)) cores; \(Self.number(self.gatewayMicrosecondsPerMessage)) µs "
            text +=
                "per message, \(Self.number(self.gatewayMicrosecondsPerDelivery)) µs per delivery; workers \(Self.number(self.workerCPUs)) cores\n"
        }
        if self.listeningCPUs > 0 {
            text += "  listening     \(Self.number(self.listeningCPUs)) cores; "
            text += "\(Self.number(self.deliveriesPerListeningCPUSecond / 1_000))k deliveries per second of CPU\n"
        }
        if !self.stub.isEmpty {
            text += "  stub          "
            text +=
                self.stub.sorted { $0.key < $1.key }
                .map { "\($0.key): \($0.value.calls) calls, \($0.value.items) items" }.joined(separator: "; ") + "\n"
        }
        for failure in self.failures { text += "  FAILED        \(failure)\n" }
        return text
    }

    private static func mebibytes(_ bytes: Int) -> String { "\(Self.number(Double(bytes) / 1_048_576)) MiB" }

    static func number(_ value: Double) -> String {
        value >= 100 ? String(Int(value.rounded())) : String(format: value >= 1 ? "%.2f" : "%.3f", value)
    }
}
