import ArgumentParser
import Foundation
import NIOCore

/// One run from its options to its exit status: starts what is to be started, has everybody come, talk and go, and counts.
struct Run {
    /// What is sent before it is not measured: caches and buffers take their size.
    private static let warmUp: UInt64 = 1_000_000_000
    private static let second: UInt64 = 1_000_000_000

    private let name: String
    private let options: RunOptions
    private let crowd: CrowdOptions
    private let traffic: TrafficOptions
    private let rounds: Int
    private let faults: FaultOptions?
    private let progress = ProgressLine()

    init(
        _ name: String, _ options: RunOptions, _ crowd: CrowdOptions, _ traffic: TrafficOptions, rounds: Int = 1,
        faults: FaultOptions? = nil
    ) throws {
        try crowd.validate()
        try traffic.validate()
        try faults?.validate(options)
        self.name = name
        self.options = options
        self.crowd = crowd
        self.traffic = traffic
        self.rounds = rounds
        self.faults = faults
    }

    func execute() async throws {
        // A worker that has died is told by its report, not by a signal to us.
        signal(SIGPIPE, SIG_IGN)
        let environment = ProcessInfo.processInfo.environment
        guard
            let secret = self.options.start
                ? .random() : (self.options.secret ?? environment["LOADTEST_SECRET"]).map({ Secret($0) })
        else { throw ValidationError("a run with --target takes the stub's --secret, or LOADTEST_SECRET") }
        let system = self.options.start ? try await StartedSystem.start(self.options, secret: secret) : nil
        var results: RunResults
        do {
            results = try await self.run(
                system, stub: system?.stub ?? environment["LOADTEST_STUB"], secret: secret)
            for name in await system?.dead ?? [] { results.failures.append("\(name) has died") }
        } catch {
            await system?.end()
            throw error
        }
        await system?.end()
        await self.progress.end()
        if self.options.json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
            print(String(decoding: try encoder.encode(results), as: UTF8.self))
        } else {
            print(results.summary, terminator: "")
        }
        if !results.failures.isEmpty { throw ExitCode.failure }
    }

    private func run(_ system: StartedSystem?, stub: String?, secret: Secret) async throws -> RunResults {
        let targets = system?.targets ?? self.options.target
        let pids = await system?.gatewayPIDs ?? self.options.pid
        let needed = (self.crowd.connections + Workers.mostConnections - 1) / Workers.mostConnections
        let count = min(max(self.options.workers ?? needed, needed), self.crowd.connections)
        let isLocal = targets.allSatisfy(\.isLoopback)
        let plan = WorkerPlan(
            secret: secret.text, targets: targets, first: 0, count: self.crowd.connections,
            chatrooms: self.crowd.chatrooms, sources: isLocal ? self.options.sources ?? 16 : 0,
            connectionsPerSecond: self.options.connectRate ?? 1_000, messageBytes: self.options.messageBytes,
            index: 0, workers: count, tokenLife: 7 * 86_400, talkers: self.traffic.talkers)
        let workers = try Workers(plan, count: count, cpus: self.options.workerCpus)
        let showing = Task {
            while !Task.isCancelled {
                try await Task.sleep(for: .seconds(1))
                await self.progress.show(await workers.total)
            }
        }
        defer { showing.cancel() }
        var results = RunResults(
            run: self.name, loadAverageBefore: ProcessUsage.loadAverage, connections: self.crowd.connections,
            chatrooms: self.crowd.chatrooms, gateways: targets.count, workers: count, rate: self.traffic.perSecond,
            seconds: self.traffic.seconds)
        do {
            let asked = await self.counts(stub, secret)
            try await workers.prepare(plan)
            if let faults = self.faults, let system {
                try await self.endure(faults, workers, system, &results)
            } else {
                try await self.measure(workers, pids, await system?.otherPIDs ?? [], &results)
            }
            let now = await self.counts(stub, secret)
            for (path, count) in now {
                let before = asked[path] ?? Stub.Count()
                results.stub[path] = Stub.Count(calls: count.calls - before.calls, items: count.items - before.items)
            }
        } catch {
            await workers.end()
            throw error
        }
        await workers.end()
        results.judge(self.options)
        return results
    }

    private func counts(_ stub: String?, _ secret: Secret) async -> [String: Stub.Count] {
        guard let stub else { return [:] }
        return await StubCounts.fetch(stub, secret: secret) ?? [:]
    }

    // MARK: What happens

    private func measure(
        _ workers: Workers, _ pids: [Int32], _ others: [Int32], _ results: inout RunResults
    ) async throws {
        results.memoryBytesBefore = ProcessUsage.memoryBytes(of: pids)
        for number in 1...self.rounds {
            await self.progress.enter("coming \(number)")
            var round = try await self.come(workers, pids, others)
            if number == 1 {
                // Buffers of the coming are given back by then.
                try await Task.sleep(for: .seconds(2))
                round.gatewayMemoryBytes = ProcessUsage.memoryBytes(of: pids)
                let growth = round.gatewayMemoryBytes - results.memoryBytesBefore
                results.memoryBytesPerConnection =
                    pids.isEmpty ? 0 : Double(growth) / Double(self.crowd.connections)
            }
            await self.progress.enter(self.traffic.perSecond > 0 ? "talking" : "staying")
            try await self.talk(workers, pids, &results)
            if number == self.rounds {
                await self.progress.enter("arriving")
                try await self.settle(workers)
                try await self.finish(workers, &results)
            }
            if self.rounds > 1 {
                await self.progress.enter("going \(number)")
                try await workers.order(.disconnect)
                _ = try await workers.all { report -> Bool? in if case .disconnected = report { true } else { nil } }
                try await Task.sleep(for: .seconds(1))
                round.gatewayMemoryBytesAfter = ProcessUsage.memoryBytes(of: pids)
            }
            results.rounds.append(round)
        }
    }

    /// Everybody comes once; then one fault after the other, and some quiet talk that shows that all is as before.
    private func endure(
        _ faults: FaultOptions, _ workers: Workers, _ system: StartedSystem, _ results: inout RunResults
    ) async throws {
        await self.progress.enter("coming")
        results.rounds.append(try await self.come(workers, await system.gatewayPIDs, await system.otherPIDs))
        let trial = FaultTrial(
            system: system, workers: workers, connections: self.crowd.connections, perSecond: self.traffic.perSecond,
            options: faults)
        for (number, fault) in faults.faults.enumerated() {
            await self.progress.enter(fault.rawValue)
            let result = try await trial.run(fault, number: number)
            results.faults.append(result)
            if !result.isWhole { break }
        }
        await self.progress.enter("talking")
        try await self.talk(workers, [], &results)
        await self.progress.enter("arriving")
        try await self.settle(workers)
        try await self.finish(workers, &results)
    }

    private func come(
        _ workers: Workers, _ pids: [Int32], _ others: [Int32]
    ) async throws -> RunResults.Round {
        let (cpu, repeated) = (ProcessUsage.cpuSeconds(of: pids), ProcessUsage.repeatedSYNs)
        let (workerCPU, otherCPU) = (
            ProcessUsage.cpuSeconds(of: workers.pids), ProcessUsage.cpuSeconds(of: others)
        )
        let start = NIODeadline.now().uptimeNanoseconds + Self.second / 5
        try await workers.order(.connect(at: start))
        let limit = Task {
            try await Task.sleep(for: .seconds(self.options.connectTimeout))
            let ready = await workers.total.ready
            await workers.fail(RunError("only \(ready) of \(self.crowd.connections) are ready in time"))
        }
        let times = try await workers.all { report -> UInt64? in if case .entered(let at) = report { at } else { nil } }
        limit.cancel()
        return RunResults.Round(
            seconds: Double((times.max() ?? start) - start) / 1e9,
            gatewayCPUSeconds: ProcessUsage.cpuSeconds(of: pids) - cpu,
            workerCPUSeconds: ProcessUsage.cpuSeconds(of: workers.pids) - workerCPU,
            otherCPUSeconds: ProcessUsage.cpuSeconds(of: others) - otherCPU,
            gatewayMemoryBytes: ProcessUsage.memoryBytes(of: pids),
            repeatedSYNs: ProcessUsage.repeatedSYNs - repeated)
    }

    private func talk(_ workers: Workers, _ pids: [Int32], _ results: inout RunResults) async throws {
        let from = NIODeadline.now().uptimeNanoseconds + Self.second / 5
        let measureFrom = from + Self.warmUp
        let until = measureFrom + UInt64(self.traffic.seconds * 1e9)
        try await workers.order(
            .traffic(
                from: from, until: until, perSecond: self.traffic.perSecond, measureFrom: measureFrom,
                churn: self.traffic.churn / Double(workers.pids.count)))
        try await self.sleep(until: measureFrom)
        let listening = self.traffic.talkers > 0 ? Array(pids.dropFirst()) : []
        let before = (
            ProcessUsage.cpuSeconds(of: pids), ProcessUsage.cpuSeconds(of: workers.pids),
            ProcessUsage.cpuSeconds(of: listening)
        )
        try await self.sleep(until: until)
        let seconds = self.traffic.seconds
        results.gatewayCPUs = (ProcessUsage.cpuSeconds(of: pids) - before.0) / seconds
        results.workerCPUs = (ProcessUsage.cpuSeconds(of: workers.pids) - before.1) / seconds
        results.listeningCPUs = (ProcessUsage.cpuSeconds(of: listening) - before.2) / seconds
    }

    private func sleep(until time: UInt64) async throws {
        let now = NIODeadline.now().uptimeNanoseconds
        if time > now { try await Task.sleep(for: .nanoseconds(Int64(time - now))) }
    }

    /// Waits until nothing is pending and nothing arrives any more; at most fifteen seconds.
    private func settle(_ workers: Workers) async throws {
        var delivered = -1
        for _ in 0..<15 {
            try await Task.sleep(for: .seconds(1))
            let total = await workers.total
            if total.pending == 0, total.delivered == delivered, total.ready == self.crowd.connections { return }
            delivered = total.delivered
        }
    }

    private func finish(_ workers: Workers, _ results: inout RunResults) async throws {
        let (sum, lost) = try await workers.reckon()
        results.counts = sum.counts
        results.lost = lost
        results.stored = sum.heads.values.reduce(0) { $0 + Int($1) }
        results.delivery = RunResults.Latencies(sum.delivery)
        results.acknowledgement = RunResults.Latencies(sum.acknowledgement)
        results.entrance = RunResults.Latencies(sum.entrance)
        // Traffic that a fault goes through is no measure of speed.
        guard self.faults == nil else { return }
        results.deliveredPerSecond =
            Double(results.counts.measuredDelivered) / (self.traffic.seconds * Double(self.rounds))
        let spent = results.gatewayCPUs * self.traffic.seconds * Double(self.rounds) * 1e6
        // Of what was done in that time, not of what was asked for: behind a backlog they differ.
        let (messages, deliveries) = (results.counts.measuredAcknowledged, results.counts.measuredDelivered)
        results.gatewayMicrosecondsPerMessage = messages > 0 ? spent / Double(messages) : 0
        results.gatewayMicrosecondsPerDelivery = deliveries > 0 ? spent / Double(deliveries) : 0
        let heard = Double(results.counts.measuredHeard)
        let listening = results.listeningCPUs * self.traffic.seconds * Double(self.rounds)
        results.deliveriesPerListeningCPUSecond = listening > 0 ? heard / listening : 0
    }
}
