import ArgumentParser
import Foundation
import LogSeed
import NIOCore
import NIOHTTP1

/// One run against Histories from its options to its exit status.
struct HistoryRun {
    /// What is due before is not measured: caches and connections are made.
    private static let warmUp = 1.0
    private static let connections = 256

    private let options: HistoryOptions
    private let load: any HistoryLoad
    private let seconds: Double
    private let rounds: Int

    init(_ options: HistoryOptions, _ load: any HistoryLoad, seconds: Double, rounds: Int = 1) throws {
        guard (0...1_000_000).contains(load.rate), (1...86_400).contains(seconds) else {
            throw ValidationError("--rate is up to 1,000,000, --duration 1 to 86,400")
        }
        self.options = options
        self.load = load
        self.seconds = seconds
        self.rounds = rounds
    }

    func execute() async throws {
        let given = self.options.secret ?? ProcessInfo.processInfo.environment["LOADTEST_SECRET"]
        guard let secret = self.options.start ? .random() : given.map({ Secret($0) }) else {
            throw ValidationError("a run with --target takes the Histories' --secret, or LOADTEST_SECRET")
        }
        let system = self.options.start ? try await StartedHistory.start(self.options, secret: secret) : nil
        var results: HistoryResults
        do {
            results = try await self.run(system, secret)
            for name in await system?.dead ?? [] { results.failures.append("\(name) has died") }
        } catch {
            await system?.end()
            throw error
        }
        await system?.end()
        try results.print(asJSON: self.options.json)
        if !results.failures.isEmpty { throw ExitCode.failure }
    }

    private func run(_ system: StartedHistory?, _ secret: Secret) async throws -> HistoryResults {
        guard let url = system?.database ?? self.options.database else {
            return try await self.run(system, secret, nil)
        }
        return try await LogDatabase.with(url) { database in
            if system != nil {
                switch try await database.taken(by: self.options.log.log) {
                case 0:
                    self.say("filling the log")
                    try await database.fill(self.options.log.log)
                case self.options.log.chatrooms: break
                default: throw RunError("the database holds another log than --chatrooms says")
                }
            }
            return try await self.run(system, secret, database)
        }
    }

    private func run(
        _ system: StartedHistory?, _ secret: Secret, _ database: LogDatabase?
    ) async throws -> HistoryResults {
        let instances =
            system?.instances
            ?? zip(self.options.target, self.options.internal).map {
                HistoryInstance(public: "http://\($0.host):\($0.port)", internal: "http://\($1.host):\($1.port)")
            }
        let caller = HistoryCaller(key: secret.serviceKey(of: "gateway"), connections: Self.connections)
        let underLoad = HistoryUnderLoad(instances: instances, caller: caller, secret: secret)
        let meter = HistoryMeter(
            histories: await system?.pids ?? self.options.pid, postgres: try await database?.processID(),
            instances: instances, caller: caller)
        var results = HistoryResults(
            run: self.load.name, instances: instances.count, rate: self.load.rate,
            chatrooms: self.options.log.chatrooms, entries: try await database?.entries() ?? self.options.log.entries)
        let result: Result<Void, any Error>
        do {
            var preparing = self.load
            try await preparing.prepare(underLoad)
            let load = preparing
            for number in 1...self.rounds {
                self.say(self.rounds > 1 ? "round \(number)" : "running")
                let span = LoadSpan(warmUp: Self.warmUp, seconds: self.seconds)
                async let counting = load.run(underLoad, during: span)
                try await LoadSpan.pause(until: span.measured - 20_000_000)
                let before = try await meter.read()
                let count = try await counting
                let seconds = Double(NIODeadline.now().uptimeNanoseconds - span.measured) / 1e9
                results.add(count, before, try await meter.read(), seconds: seconds)
            }
            if let database { results.stored = try await database.entries() - results.entries }
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await caller.close()
        try result.get()
        results.judge(self.options)
        return results
    }

    private func say(_ text: String) { FileHandle.standardError.write(Data("\(text)\n".utf8)) }
}

/// What Histories and their PostgreSQL have used and done so far.
struct HistoryMeter: Sendable {
    struct Reading: Sendable {
        var historySeconds: Double
        var postgresSeconds: Double
        /// How often PostgreSQL has answered, by the pool that asked.
        var answers: [String: Double] = [:]
        /// Of messages that were appended together: how many batches, and how many calls in them.
        var batches = 0.0
        var batched = 0.0
    }

    let histories: [Int32]
    /// Its first process.
    let postgres: Int32?
    let instances: [HistoryInstance]
    let caller: HistoryCaller

    func read() async throws -> Reading {
        var reading = Reading(
            historySeconds: ProcessUsage.cpuSeconds(of: self.histories),
            postgresSeconds: self.postgres.map { ProcessUsage.cpuSeconds(ofFamilyOf: $0) } ?? 0)
        for instance in self.instances {
            let body = try await self.caller.call(.GET, instance.internal + "/metrics", bearer: self.caller.key)
            for line in String(buffer: body).split(separator: "\n") {
                guard let (name, value) = Self.sample(line) else { continue }
                if let pool = Self.label(of: name, "postgres_answer_seconds_count{pool=\"") {
                    reading.answers[pool, default: 0] += value
                }
                if name == "batch_size_count{batcher=\"append\"}" { reading.batches += value }
                if name == "batch_size_sum{batcher=\"append\"}" { reading.batched += value }
            }
        }
        return reading
    }

    /// A line of Prometheus' text that is no comment: what is measured, and the number.
    static func sample(_ line: Substring) -> (name: Substring, value: Double)? {
        guard !line.hasPrefix("#"), let space = line.lastIndex(of: " "),
            let value = Double(line[line.index(after: space)...])
        else { return nil }
        return (line[..<space], value)
    }

    /// The one label's value, where the name begins so.
    static func label(of name: Substring, _ beginning: String) -> String? {
        guard name.hasPrefix(beginning), name.hasSuffix("\"}") else { return nil }
        return String(name.dropFirst(beginning.count).dropLast(2))
    }
}
