import NIOCore

/// Lets one fault happen under traffic, and waits until all is well again.
///
/// Traffic ends just before the fault does: what was said meanwhile must come to everybody without a later message that
/// would show the hole.
struct FaultTrial {
    private static let second: UInt64 = 1_000_000_000
    /// Between two blows of a fault that goes on; what is said after the last one is said to the deaf.
    private static let blow = Duration.milliseconds(50)

    let system: StartedSystem
    let workers: Workers
    let connections: Int
    let perSecond: Double
    let options: FaultOptions

    /// - Parameter number: of the fault in its run; it strikes the Gateways in turn.
    func run(_ fault: Fault, number: Int) async throws -> FaultResult {
        let before = try await self.workers.reckon().results.counts
        let from = NIODeadline.now().uptimeNanoseconds
        try await self.workers.order(
            .traffic(
                from: from, until: from + 3_600 * Self.second, perSecond: self.perSecond, measureFrom: from, churn: 0))
        try await Task.sleep(for: .seconds(1))
        let struckAt = NIODeadline.now().uptimeNanoseconds
        let gateway = self.system.gateways[number % self.system.gateways.count]
        try await self.strike(fault, gateway)
        try await self.workers.order(.stopTraffic)
        try await self.mend(fault, gateway)
        func seconds(_ time: UInt64) -> Double { time > struckAt ? Double(time - struckAt) / 1e9 : 0 }
        var result = FaultResult(fault)
        result.mendedAfter = seconds(NIODeadline.now().uptimeNanoseconds)
        let deadline = ContinuousClock.now + self.options.patience
        repeat {
            try await Task.sleep(for: .milliseconds(200))
            let (found, lost) = try await self.workers.reckon()
            result.backAfter = seconds(found.enteredAt)
            result.completeAfter = seconds(found.deliveredAt)
            result.closed = found.counts.closed - before.closed
            result.repeated = found.counts.repeated - before.repeated
            result.away = self.connections - found.counts.ready
            result.pending = found.counts.pending
            result.lost = lost
        } while !result.isWhole && .now < deadline
        return result
    }

    /// Returns when the outage is over.
    private func strike(_ fault: Fault, _ gateway: StartedServer) async throws {
        let end = ContinuousClock.now + self.options.outage
        switch fault {
        case .redisFlush: try await self.again(until: end) { try await self.system.tellRedis("FLUSHALL") }
        case .deafen:
            try await self.again(until: end) { try await self.system.tellRedis("CLIENT", "KILL", "TYPE", "pubsub") }
        case .redisKill: await self.system.redis.kill()
        case .kill: await gateway.kill()
        case .term: await gateway.terminate()
        }
        try await Task.sleep(until: end)
    }

    private func again(until end: ContinuousClock.Instant, _ body: () async throws -> Void) async throws {
        repeat {
            try await body()
            try await Task.sleep(for: Self.blow)
        } while .now < end
    }

    private func mend(_ fault: Fault, _ gateway: StartedServer) async throws {
        switch fault {
        case .redisFlush, .deafen: break
        case .redisKill: try await self.system.redis.start()
        case .kill, .term: try await gateway.start()
        }
    }
}
