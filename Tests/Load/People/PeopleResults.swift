import Foundation

/// What a run against Auth or Social has found, for machines (`--json`) and for people. Times are milliseconds.
struct PeopleResults: Codable, Sendable {
    var run: String
    var at = Date.now.ISO8601Format()
    var loadAverageBefore = ProcessUsage.loadAverage
    /// Asked for per second; 0: each asked again when it had its answer.
    var rate: Double
    var seconds = 0.0
    var done = 0
    var perSecond = 0.0
    /// What an answer held, on average.
    var itemsEach = 0.0
    var errors: [String: Int] = [:]
    /// From when each was due, by kind.
    var latencies: [String: RunResults.Latencies] = [:]
    /// How often PostgreSQL was asked, by the pool of connections.
    var asked: [String: Int] = [:]
    /// Calls to other services, by what was asked.
    var calls: [String: Int] = [:]
    var serviceCPUs = 0.0
    var postgresCPUs = 0.0
    var serviceMicrosecondsEach = 0.0
    var postgresMicrosecondsEach = 0.0
    /// Of passwords on the same CPUs by a loop that does nothing else.
    var bareHashesPerSecond: Double?
    /// What was asked beside, when nothing else was, and meanwhile.
    var otherAtRest: [String: RunResults.Latencies]?
    var otherMeanwhile: [String: RunResults.Latencies]?
    /// Which thresholds were not kept.
    var failures: [String] = []

    init(run: String, rate: Double) {
        self.run = run
        self.rate = rate
    }

    mutating func add(
        _ count: LoadCount, seconds: Double, _ before: PeopleMeter.Reading, _ after: PeopleMeter.Reading
    ) {
        self.seconds = seconds
        self.done = count.done
        self.errors = count.errors
        self.latencies = count.latencies.mapValues { RunResults.Latencies($0) }
        self.perSecond = Double(count.done) / seconds
        self.itemsEach = Double(count.items) / Double(max(1, count.done))
        self.asked = Self.difference(before.answers, after.answers)
        self.calls = Self.difference(before.calls, after.calls)
        let (service, postgres) = (after.service - before.service, after.postgres - before.postgres)
        (self.serviceCPUs, self.postgresCPUs) = (service / seconds, postgres / seconds)
        self.serviceMicrosecondsEach = service * 1e6 / Double(max(1, count.done))
        self.postgresMicrosecondsEach = postgres * 1e6 / Double(max(1, count.done))
    }

    private static func difference(_ before: [String: Double], _ after: [String: Double]) -> [String: Int] {
        after.merging(before.mapValues { -$0 }) { $0 + $1 }.mapValues { Int($0) }.filter { $0.value > 0 }
    }

    /// What share of the bare loop's hashes became answers.
    var hashShare: Double? { self.bareHashesPerSecond.map { self.perSecond / $0 } }

    /// By how much the slowest kind of what was asked beside took longer, at the 99th percentile.
    var slowdown: Double? {
        guard let rest = self.otherAtRest, let meanwhile = self.otherMeanwhile else { return nil }
        return rest.compactMap { kind, times in meanwhile[kind].map { $0.p99 / max(0.001, times.p99) } }.max()
    }

    mutating func judge(_ options: PeopleOptions, minHashShare: Double? = nil, maxSlowdown: Double? = nil) {
        let number = RunResults.number
        let wrong = self.errors.values.reduce(0, +)
        if wrong > options.maxErrors { self.failures.append("\(wrong) refused, wrong or not answered") }
        if self.done == 0 { self.failures.append("nothing was done") }
        if let most = options.maxP99 {
            for (kind, times) in self.latencies.sorted(by: { $0.key < $1.key }) where times.p99 > most {
                self.failures.append("p99 of \(kind) is \(number(times.p99)) ms, above \(number(most)) ms")
            }
        }
        if let least = options.minRate, self.perSecond < least {
            self.failures.append("\(number(self.perSecond)) were done per second, below \(number(least))")
        }
        let asked = self.asked.values.reduce(0, +)
        if let most = options.maxAsked, asked > most {
            self.failures.append("PostgreSQL was asked \(asked) times, more than \(most)")
        }
        let calls = self.calls.values.reduce(0, +)
        if let most = options.maxCalls, calls > most {
            self.failures.append("\(calls) calls were made to other services, more than \(most)")
        }
        if let least = minHashShare, let share = self.hashShare, share < least {
            self.failures.append("\(number(share)) of a bare loop's hashes, below \(number(least))")
        }
        if let most = maxSlowdown, let slowdown = self.slowdown, slowdown > most {
            self.failures.append("p99 of other calls rose \(number(slowdown)) times, above \(number(most))")
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
        var text = "\(self.run): load average before \(number(self.loadAverageBefore))\n"
        text += "  done          \(self.done) in \(number(self.seconds)) s, \(number(self.perSecond))/s, "
        text += "\(number(self.itemsEach)) items in each\n"
        text += Self.lines(self.latencies, "")
        if let rest = self.otherAtRest { text += Self.lines(rest, " at rest") }
        if let meanwhile = self.otherMeanwhile { text += Self.lines(meanwhile, " meanwhile") }
        if let bare = self.bareHashesPerSecond, let share = self.hashShare {
            text += "  bare loop     \(number(bare)) hashes/s; \(number(share)) of them were answers\n"
        }
        if let slowdown = self.slowdown { text += "  slowdown      p99 of other calls × \(number(slowdown)) at most\n" }
        text += "  PostgreSQL    asked \(self.asked.values.reduce(0, +)) times"
        text += " (\(self.asked.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")))\n"
        if !self.calls.isEmpty {
            text += "  other calls   "
            text += self.calls.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ") + "\n"
        }
        text += "  CPU           the service \(number(self.serviceCPUs)) cores, "
        text += "\(number(self.serviceMicrosecondsEach)) µs each; PostgreSQL \(number(self.postgresCPUs)) cores, "
        text += "\(number(self.postgresMicrosecondsEach)) µs each\n"
        for (why, count) in self.errors.sorted(by: { $0.key < $1.key }) { text += "  wrong         \(count): \(why)\n" }
        for failure in self.failures { text += "  FAILED        \(failure)\n" }
        return text
    }

    private static func lines(_ latencies: [String: RunResults.Latencies], _ when: String) -> String {
        let number = RunResults.number
        return latencies.sorted { $0.key < $1.key }.map { kind, times in
            let name = (kind + when).padding(toLength: max(13, (kind + when).count), withPad: " ", startingAt: 0)
            return
                "  \(name) p50 \(number(times.p50)) ms   p90 \(number(times.p90)) ms   p99 \(number(times.p99)) ms   "
                + "p99.9 \(number(times.p999)) ms   max \(number(times.max)) ms\n"
        }.joined()
    }
}
