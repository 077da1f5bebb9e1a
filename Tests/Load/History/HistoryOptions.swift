import ArgumentParser
import LogSeed

/// What all runs against History take.
struct HistoryOptions: ParsableArguments {
    @Option(help: "A History's public address, host:port; may be given several times.") var target: [Target] = []
    @Option(help: "A History's internal address, host:port; as often as --target, in the same order.")
    var `internal`: [Target] = []
    @Option(help: ArgumentHelp("A host that is not this machine and may be put under load.", valueName: "host"))
    var allowRemote: [String] = []
    @Option(help: "From which the Histories' keys were made; else LOADTEST_SECRET.") var secret: String?
    @Option(help: "Process ids of the Histories, for their CPU time; known with --start.") var pid: [Int32] = []

    @Flag(help: "Start Histories, a stub, a private PostgreSQL and a private Redis, and end them afterwards.")
    var start = false
    @Option(help: "With --start: how many Histories.") var instances = 1
    @Option(help: "With --start: a release build of History.") var historyBinary = ".build/release/History"
    @Option(help: "With --start: CPUs of the Histories, as taskset takes them.") var historyCpus: String?
    @Option(help: ArgumentHelp("With --start: of the Histories' environment.", valueName: "KEY=VALUE"))
    var historyEnv: [String] = []
    @Option(
        help: """
            History's database, a libpq URL. With --start in place of a private PostgreSQL: filled if it is empty, taken as \
            it is if it holds the log already. With --target: to count what was stored, and the CPU time of PostgreSQL.
            """)
    var database: String?

    @OptionGroup(title: "The log that is there") var log: LogOptions

    @Flag(help: "Print the results as one JSON object.") var json = false
    @Option(help: "Fail where the 99th percentile of any kind of answer is longer, in milliseconds.")
    var maxP99: Double?
    @Option(help: "Fail where more is refused, wrong or not answered.") var maxErrors = 0
    @Option(help: "Fail where less is done per second.") var minRate: Double?
    @Option(help: "Fail where the Histories ask PostgreSQL more often in the measured time.") var maxAsked: Int?

    func validate() throws {
        guard self.start != !self.target.isEmpty else {
            throw ValidationError("a run takes either --target with --internal, or --start")
        }
        guard self.target.count == self.internal.count else {
            throw ValidationError("every --target has an --internal")
        }
        for target in self.target + self.internal where !target.isLoopback && !self.allowRemote.contains(target.host) {
            throw ValidationError(
                """
                \(target.host) is not this machine. Put only what is yours under load; where that is so, add \
                --allow-remote \(target.host)
                """)
        }
        try RunOptions.check(self.instances, 1...16, "--instances")
        for pair in self.historyEnv where !pair.contains("=") {
            throw ValidationError("--history-env takes KEY=VALUE")
        }
    }
}

/// The sizes of a seeded log.
struct LogOptions: ParsableArguments {
    @Option(help: "Chatrooms.") var chatrooms: Int64 = 1_000
    @Option(help: "Entries of all chatrooms together; each chatroom has as many.") var entries: Int64 = 1_000_000
    @Option(help: "People.") var users: Int64 = 10_000
    @Option(help: "In how many chatrooms each person is.") var chatroomsEach: Int64 = 20
    @Option(help: "Another number, other messages.") var seed: Int64 = 1

    var log: LogSeed {
        var log = LogSeed()
        log.chatrooms = self.chatrooms
        log.entries = self.entries
        log.users = self.users
        log.chatroomsEach = self.chatroomsEach
        log.seed = self.seed
        return log
    }

    func validate() throws {
        if let problem = self.log.problem { throw ValidationError(problem) }
    }
}
