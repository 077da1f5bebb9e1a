import ChatAPI
import Foundation

/// The worker processes of a run, ordered about together. An actor: reports come from all of them.
actor Workers {
    private let children: [Child]
    private var counts: [Counts]
    /// Reports of the kind that is waited for, by worker.
    private var reports: [WorkerReport?]
    private var changed: [CheckedContinuation<Void, Never>] = []
    private var failure: RunError?

    /// A process holds at most so many connections, and fewer where its descriptors are fewer.
    static var mostConnections: Int {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return max(1, min(15_000, Int(min(limit.rlim_cur, 1 << 30)) - 200))
    }

    /// - Parameter plan: of all connections together.
    init(_ plan: WorkerPlan, count: Int, cpus: String?) throws {
        self.children = try (0..<count).map {
            try Child("worker \($0)", "/proc/self/exe".resolved, ["worker"], cpus: cpus)
        }
        self.counts = Array(repeating: Counts(), count: count)
        self.reports = Array(repeating: nil, count: count)
    }

    nonisolated var pids: [Int32] { self.children.map(\.pid) }

    var total: Counts { self.counts.reduce(Counts(), +) }

    /// Hands out the plan, and hears the workers from now on.
    func prepare(_ plan: WorkerPlan) async throws {
        for (index, child) in self.children.enumerated() {
            Task { [weak self] in
                for await line in child.lines { await self?.heard(line, from: index) }
                await self?.ended(child)
            }
            var part = plan
            part.index = index
            part.workers = self.children.count
            part.first = plan.count * index / self.children.count
            part.count = plan.count * (index + 1) / self.children.count - part.first
            part.connectionsPerSecond = plan.connectionsPerSecond / Double(self.children.count)
            try await child.send(WorkerCommandMessage.prepare(part))
        }
        _ = try await self.all { report -> Bool? in if case .prepared = report { true } else { nil } }
    }

    func order(_ message: WorkerCommandMessage) async throws {
        for index in self.reports.indices { self.reports[index] = nil }
        for child in self.children { try await child.send(message) }
    }

    /// Waits until each worker has reported what `extract` takes.
    func all<T: Sendable>(_ extract: @Sendable (WorkerReport) -> T?) async throws -> [T] {
        while true {
            if let failure = self.failure { throw failure }
            let values = self.reports.compactMap { $0.flatMap(extract) }
            if values.count == self.children.count { return values }
            await withCheckedContinuation { self.changed.append($0) }
        }
    }

    /// What all of them have found so far, and how many entries their clients lack up to the highest acknowledged ones.
    func reckon() async throws -> (results: WorkerResults, lost: Int) {
        try await self.order(.finish)
        let parts = try await self.all { report -> WorkerResults? in
            if case .finished(let part) = report { part } else { nil }
        }
        let sum = parts.dropFirst().reduce(into: parts[0]) { $0.add($1) }
        try await self.order(.check(heads: sum.heads))
        let lost = try await self.all { report -> Int? in if case .checked(let lost) = report { lost } else { nil } }
        return (sum, lost.reduce(0, +))
    }

    /// Whoever waits gives up.
    func fail(_ error: RunError) {
        self.failure = self.failure ?? error
        self.wake()
    }

    func end() async {
        for child in self.children { await child.end() }
    }

    private func heard(_ line: String, from index: Int) {
        guard let report = try? JSONDecoder().decode(WorkerReport.self, from: Data(line.utf8)) else {
            return self.fail(RunError("a worker said what it should not: \(line)"))
        }
        switch report {
        case .progress(let counts): self.counts[index] = counts
        case .failed(let reason): self.fail(RunError("a worker failed: \(reason)"))
        default: self.reports[index] = report
        }
        self.wake()
    }

    private func ended(_ child: Child) { self.fail(RunError("\(child.name) has ended")) }

    private func wake() {
        let waiting = self.changed
        self.changed = []
        for continuation in waiting { continuation.resume() }
    }
}

extension String {
    /// Where a link leads.
    var resolved: String { URL(filePath: self).resolvingSymlinksInPath().path }
}
