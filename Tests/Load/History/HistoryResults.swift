import Foundation

/// What a run against Histories has found, for machines (`--json`) and for people. Times are milliseconds unless named.
struct HistoryResults: Codable, Sendable {
    /// Everything at once, or all of a rate's time.
    struct Round: Codable, Sendable {
        /// Until the last was answered.
        var seconds: Double
        /// How often the Histories asked PostgreSQL, whatever else they did in that time.
        var asked: Int
    }

    var run: String
    var at = Date.now.ISO8601Format()
    var loadAverageBefore = ProcessUsage.loadAverage
    var instances: Int
    /// Asked for per second; 0: as much as was answered.
    var rate: Double
    var chatrooms: Int64
    /// In the log before.
    var entries: Int64
    var rounds: [Round] = []
    /// In the measured time.
    var done = 0
    var perSecond = 0.0
    /// What an answer held, on average.
    var itemsEach = 0.0
    /// Whenever.
    var acknowledged = 0
    var errors: [String: Int] = [:]
    /// From when each was due, by kind.
    var latencies: [String: RunResults.Latencies] = [:]
    /// By the pool of connections.
    var asked: [String: Int] = [:]
    /// Calls to append that went together, on average.
    var callsPerBatch = 0.0
    var historyCPUs = 0.0
    var postgresCPUs = 0.0
    var historyMicrosecondsEach = 0.0
    var postgresMicrosecondsEach = 0.0
    /// By how many entries the logs have grown, where the database is known.
    var stored: Int64?
    /// Which thresholds were not kept.
    var failures: [String] = []

    private var total = LoadCount()
    private var used = HistoryMeter.Reading(historySeconds: 0, postgresSeconds: 0)

    private enum CodingKeys: String, CodingKey {
        case run, at, loadAverageBefore, instances, rate, chatrooms, entries, rounds, done, perSecond, itemsEach
        case acknowledged, errors, latencies, asked, callsPerBatch, historyCPUs, postgresCPUs, historyMicrosecondsEach
        case postgresMicrosecondsEach, stored, failures
    }

    init(run: String, instances: Int, rate: Double, chatrooms: Int64, entries: Int64) {
        self.run = run
        self.instances = instances
        self.rate = rate
        self.chatrooms = chatrooms
        self.entries = entries
    }

    mutating func add(
        _ count: LoadCount, _ before: HistoryMeter.Reading, _ after: HistoryMeter.Reading, seconds: Double
    ) {
        self.total.add(count)
        self.used.historySeconds += after.historySeconds - before.historySeconds
        self.used.postgresSeconds += after.postgresSeconds - before.postgresSeconds
        self.used.batches += after.batches - before.batches
        self.used.batched += after.batched - before.batched
        let asked = after.answers.mapValues { Int($0) }
            .merging(before.answers.mapValues { -Int($0) }) { $0 + $1 }.filter { $0.value > 0 }
        self.asked.merge(asked) { $0 + $1 }
        self.rounds.append(Round(seconds: seconds, asked: asked.values.reduce(0, +)))
        let all = self.rounds.reduce(0) { $0 + $1.seconds }
        self.done = self.total.done
        self.acknowledged = self.total.acknowledged
        self.errors = self.total.errors
        self.latencies = self.total.latencies.mapValues { RunResults.Latencies($0) }
        self.perSecond = Double(self.done) / all
        self.itemsEach = self.done > 0 ? Double(self.total.items) / Double(self.done) : 0
        self.historyCPUs = self.used.historySeconds / all
        self.postgresCPUs = self.used.postgresSeconds / all
        self.historyMicrosecondsEach = self.done > 0 ? self.used.historySeconds * 1e6 / Double(self.done) : 0
        self.postgresMicrosecondsEach = self.done > 0 ? self.used.postgresSeconds * 1e6 / Double(self.done) : 0
        self.callsPerBatch = self.used.batches > 0 ? self.used.batched / self.used.batches : 0
    }

    mutating func judge(_ options: HistoryOptions) {
        let wrong = self.errors.values.reduce(0, +)
        if wrong > options.maxErrors { self.failures.append("\(wrong) refused, wrong or not answered") }
        if self.done == 0 { self.failures.append("nothing was done") }
        if let stored = self.stored, stored < self.acknowledged {
            self.failures.append("\(self.acknowledged) messages were acknowledged, and \(stored) are stored")
        }
        if let most = options.maxP99 {
            for (kind, times) in self.latencies.sorted(by: { $0.key < $1.key }) where times.p99 > most {
                self.failures.append(
                    "p99 of \(kind) is \(RunResults.number(times.p99)) ms, above \(RunResults.number(most)) ms")
            }
        }
        if let least = options.minRate, self.perSecond < least {
            self.failures.append(
                "\(RunResults.number(self.perSecond)) were done per second, below \(RunResults.number(least))")
        }
        if let most = options.maxAsked, let worst = self.rounds.map(\.asked).max(), worst > most {
            self.failures.append("PostgreSQL was asked \(worst) times, more than \(most)")
        }
    }

    func print(asJSON: Bool) throws {
        guard asJSON else { return Swift.print(self.summary, terminator: "") }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        Swift.print(String(decoding: try encoder.encode(self), as: UTF8.self))
    }

    var summary: String {
        let number = RunResults.number
        var text = "\(self.run): \(self.instances) History, \(self.entries) entries in \(self.chatrooms) chatrooms, "
        text += "load average before \(number(self.loadAverageBefore))\n"
        text += "  done          \(self.done) in \(self.rounds.map { number($0.seconds) }.joined(separator: ", ")) s, "
        text += "\(number(self.perSecond))/s, \(number(self.itemsEach)) items in each\n"
        for (kind, times) in self.latencies.sorted(by: { $0.key < $1.key }) {
            text += "  \(kind.padding(toLength: max(13, kind.count), withPad: " ", startingAt: 0)) "
            text += "p50 \(number(times.p50)) ms   p90 \(number(times.p90)) ms   p99 \(number(times.p99)) ms   "
            text += "p99.9 \(number(times.p999)) ms   max \(number(times.max)) ms\n"
        }
        text += "  PostgreSQL    asked \(self.rounds.map { "\($0.asked)" }.joined(separator: ", ")) times ("
        text += self.asked.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ") + ")"
        if self.callsPerBatch > 0 { text += ", \(number(self.callsPerBatch)) calls in a batch" }
        text += "\n  CPU           History \(number(self.historyCPUs)) cores, "
        text += "\(number(self.historyMicrosecondsEach)) µs each; "
        text += "PostgreSQL \(number(self.postgresCPUs)) cores, \(number(self.postgresMicrosecondsEach)) µs each\n"
        if self.acknowledged > 0 {
            text += "  stored        \(self.acknowledged) acknowledged, \(self.stored.map(String.init) ?? "?") stored\n"
        }
        for (why, count) in self.errors.sorted(by: { $0.key < $1.key }) { text += "  wrong         \(count): \(why)\n" }
        for failure in self.failures { text += "  FAILED        \(failure)\n" }
        return text
    }
}
