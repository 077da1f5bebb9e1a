import ArgumentParser

/// What all runs take.
struct RunOptions: ParsableArguments {
    @Option(help: "A Gateway's public address, host:port; may be given several times.") var target: [Target] = []
    @Option(help: ArgumentHelp("A host that is not this machine and may be put under load.", valueName: "host"))
    var allowRemote: [String] = []
    @Option(help: "Of the stub that the Gateways ask; else LOADTEST_SECRET.") var secret: String?
    @Option(help: "Process ids of the Gateways, for their CPU time and memory; known with --start.") var pid: [Int32] =
        []

    @Option(help: "Worker processes; as many as hold the connections unless told.") var workers: Int?
    @Option(help: "Addresses from 127.0.0.2 on that connections come from: each has its own 28,000 ports.")
    var sources: Int?
    @Option(help: "Connections begun per second; 0: all at once.") var connectRate: Double?
    @Option(help: "Seconds that all connections together may take to be ready.") var connectTimeout = 120.0
    @Option(help: "Bytes of a message's content.") var messageBytes = 60
    @Option(help: "CPUs of workers, stub and Redis, as taskset takes them.") var workerCpus: String?

    @Flag(help: "Start Gateways, a stub and a private Redis, and end them afterwards.") var start = false
    @Option(help: "With --start: a release build of the Gateway.") var gatewayBinary = ".build/release/Gateway"
    @Option(help: "With --start: how many Gateways.") var gateways = 1
    @Option(help: "With --start: CPUs of the Gateways, as taskset takes them.") var gatewayCpus: String?
    @Option(help: ArgumentHelp("With --start: of the Gateways' environment.", valueName: "KEY=VALUE"))
    var gatewayEnv: [String] = []
    @Option(help: "With --start: milliseconds in which the stub's History stores a batch.") var historyDelay = 3.3
    @Option(help: "With --start: so many times slower does the stub answer everything.") var slow = 1.0

    @Flag(help: "Print the results as one JSON object.") var json = false
    @Option(help: "Fail where the 99th percentile of delivery is longer, in milliseconds.") var maxP99: Double?
    @Option(help: "Fail where more are lost, doubled or out of order.") var maxLost = 0
    @Option(help: "Fail where more messages are refused or not acknowledged.") var maxErrors = 0
    @Option(help: "Fail where it takes longer until all are ready, in seconds.") var maxConnectTime: Double?
    @Option(help: "Fail where the stub is called more often, by all and for anything.") var maxCalls: Int?
    @Option(help: "Fail where a round of a storm leaves more memory than the first left, in percent.")
    var maxGrowth: Double?

    func validate() throws {
        guard self.start != !self.target.isEmpty else {
            throw ValidationError("a run takes either --target, once or several times, or --start")
        }
        for target in self.target where !target.isLoopback && !self.allowRemote.contains(target.host) {
            throw ValidationError(
                """
                \(target.host) is not this machine. Put only what is yours under load; where that is so, add \
                --allow-remote \(target.host)
                """)
        }
        let isRemote = self.target.contains { !$0.isLoopback }
        if isRemote, self.sources ?? 0 > 0 { throw ValidationError("--sources are addresses of this machine alone") }
        try Self.check(self.workers ?? 1, 1...64, "--workers")
        try Self.check(self.sources ?? 0, 0...10_000, "--sources")
        try Self.check(self.gateways, 1...16, "--gateways")
        try Self.check(self.messageBytes, 20...4_000, "--message-bytes")
        guard (0...100_000).contains(self.connectRate ?? 0), (1...3_600).contains(self.connectTimeout),
            (1...1_000).contains(self.slow), (0...60_000).contains(self.historyDelay)
        else { throw ValidationError("a rate, a time or a factor is out of bounds") }
        for pair in self.gatewayEnv where !pair.contains("=") {
            throw ValidationError("--gateway-env takes KEY=VALUE")
        }
    }

    static func check(_ value: Int, _ range: ClosedRange<Int>, _ name: String) throws {
        guard range.contains(value) else {
            throw ValidationError("\(name) is \(range.lowerBound) to \(range.upperBound)")
        }
    }
}

/// Who is there.
struct CrowdOptions {
    var connections: Int
    var chatrooms: Int

    func validate() throws {
        try RunOptions.check(self.connections, 1...500_000, "--connections")
        try RunOptions.check(self.chatrooms, 1...min(Crowd.maxChatrooms, self.connections), "--rooms")
        try RunOptions.check(self.connections / self.chatrooms, 1...Crowd.maxMembers - 1, "members of a room")
    }
}

/// What they do once they are there.
struct TrafficOptions {
    var perSecond: Double
    var seconds: Double
    var churn = 0.0
    /// 0: everybody.
    var talkers = 0

    func validate() throws {
        guard (0...1_000_000).contains(self.perSecond), (1...86_400).contains(self.seconds),
            (0...10_000).contains(self.churn)
        else { throw ValidationError("--rate is up to 1,000,000, --duration 1 to 86,400, --churn up to 10,000") }
    }
}
