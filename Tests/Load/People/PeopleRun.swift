import ArgumentParser
import ChatAPI
import Foundation
import NIOCore
import PeopleSeed
import Postgres
import ServiceKit

/// One run against Auth or Social from its options to its exit status.
struct PeopleRun {
    /// What is due before is not measured: caches and connections are made.
    static let warmUp = 1.0

    let service: ServiceName
    let options: PeopleOptions
    let seconds: Double
    /// Makes the people in the database of what was started.
    let fill: @Sendable (Postgres) async throws -> Void

    /// Where a run asks and reads.
    struct Running: Sendable {
        let system: PeopleSystem
        let meter: PeopleMeter
        let seconds: Double

        /// Puts one load on it.
        func measure(_ load: some PeopleLoad, into results: inout PeopleResults) async throws {
            let span = LoadSpan(warmUp: PeopleRun.warmUp, seconds: self.seconds)
            async let counting = load.run(self.system, during: span)
            try await LoadSpan.pause(until: span.measured)
            let before = try await self.meter.read()
            let count = try await counting
            let seconds = Double(NIODeadline.now().uptimeNanoseconds - span.measured) / 1e9
            results.add(count, seconds: max(0.001, seconds), before, try await self.meter.read())
        }
    }

    func execute(_ body: (Running) async throws -> PeopleResults) async throws {
        guard (1...86_400).contains(self.seconds) else { throw ValidationError("--duration is 1 to 86,400") }
        let given = self.options.secret ?? ProcessInfo.processInfo.environment["LOADTEST_SECRET"]
        guard let secret = self.options.start ? .random() : given.map({ Secret($0) }) else {
            throw ValidationError("a run with --target takes the service's --secret, or LOADTEST_SECRET")
        }
        let started =
            self.options.start
            ? try await StartedPeople.start(self.service, self.options, secret: secret) : nil
        var results: PeopleResults
        do {
            results = try await self.run(started, secret, body)
            for name in await started?.dead ?? [] { results.failures.append("\(name) has died") }
        } catch {
            await started?.end()
            throw error
        }
        await started?.end()
        try results.print(asJSON: self.options.json)
        if !results.failures.isEmpty { throw ExitCode.failure }
    }

    private func run(
        _ started: StartedPeople?, _ secret: Secret, _ body: (Running) async throws -> PeopleResults
    ) async throws -> PeopleResults {
        let database = started?.database ?? self.options.database
        var postgres: Int32?
        if let database {
            postgres = try await PeopleDatabase.with(database) { postgres in
                if started != nil {
                    FileHandle.standardError.write(Data("filling the database\n".utf8))
                    try await self.fill(postgres)
                }
                return try await PeopleDatabase.processID(postgres)
            }
        }
        let system = PeopleSystem(
            public: started?.public ?? self.options.target.map { "http://\($0.host):\($0.port)" } ?? "",
            internal: started?.internal ?? self.options.internal.map { "http://\($0.host):\($0.port)" } ?? "",
            secret: secret)
        let pid = await started?.pid ?? self.options.pid
        let meter = PeopleMeter(service: pid, postgres: postgres, system: system, stub: started?.stub)
        let result: Result<PeopleResults, any Error>
        do {
            FileHandle.standardError.write(Data("running\n".utf8))
            result = .success(try await body(Running(system: system, meter: meter, seconds: self.seconds)))
        } catch {
            result = .failure(error)
        }
        await system.close()
        return try result.get()
    }
}

/// What the service and its PostgreSQL have used and done so far.
struct PeopleMeter: Sendable {
    struct Reading: Sendable {
        /// Seconds of CPU time.
        var service: Double
        var postgres: Double
        /// Of PostgreSQL, by the pool that asked.
        var answers: [String: Double]
        /// To the others, as the stub has counted them.
        var calls: [String: Double]
    }

    let service: Int32?
    /// Its first process.
    let postgres: Int32?
    let system: PeopleSystem
    let stub: String?

    func read() async throws -> Reading {
        var calls: [String: Double] = [:]
        if let stub = self.stub, let counts = await StubCounts.fetch(stub, secret: self.system.secret) {
            calls = counts.mapValues { Double($0.calls) }
        }
        return Reading(
            service: self.service.map { ProcessUsage.cpuSeconds(of: [$0]) } ?? 0,
            postgres: self.postgres.map { ProcessUsage.cpuSeconds(ofFamilyOf: $0) } ?? 0,
            answers: try await self.system.answers(), calls: calls)
    }
}
