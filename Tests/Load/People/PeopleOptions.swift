import ArgumentParser
import PeopleSeed

/// What all runs against Auth, and against Social, take.
struct PeopleOptions: ParsableArguments {
    @Flag(help: "Start the service with a PostgreSQL, a Redis and a stub of the others, and end them afterwards.")
    var start = false
    @Option(help: "The service's public address, host:port.") var target: Target?
    @Option(help: "The service's internal address, host:port.") var `internal`: Target?
    @Option(help: ArgumentHelp("A host that is not this machine and may be put under load.", valueName: "host"))
    var allowRemote: [String] = []
    @Option(help: "From which the service's keys were made; else LOADTEST_SECRET.") var secret: String?
    @Option(help: "Process id of the service, for its CPU time; known with --start.") var pid: Int32?

    @Option(help: "With --start: a release build of the service; in .build/release unless told.") var binary: String?
    @Option(help: "With --start: CPUs of the service, as taskset takes them.") var serviceCpus: String?
    @Option(help: ArgumentHelp("With --start: of the service's environment.", valueName: "KEY=VALUE"))
    var serviceEnv: [String] = []
    @Option(
        help: """
            The service's database, a libpq URL. With --start in place of a private PostgreSQL: filled if it is empty, taken \
            as it is if these people are there already.
            """)
    var database: String?

    @Flag(help: "Print the results as one JSON object.") var json = false
    @Option(help: "Fail where the 99th percentile of any kind of answer is longer, in milliseconds.")
    var maxP99: Double?
    @Option(help: "Fail where more is refused, wrong or not answered.") var maxErrors = 0
    @Option(help: "Fail where less is done per second.") var minRate: Double?
    @Option(help: "Fail where the service asks PostgreSQL more often in the measured time.") var maxAsked: Int?
    @Option(help: "Fail where the service makes more calls to others in the measured time.") var maxCalls: Int?

    func validate() throws {
        guard self.start != (self.target != nil), (self.target != nil) == (self.internal != nil) else {
            throw ValidationError("a run takes either --target with --internal, or --start")
        }
        for target in [self.target, self.internal].compactMap(\.self)
        where !target.isLoopback && !self.allowRemote.contains(target.host) {
            throw ValidationError(
                """
                \(target.host) is not this machine. Put only what is yours under load; where that is so, add \
                --allow-remote \(target.host)
                """)
        }
        for pair in self.serviceEnv where !pair.contains("=") { throw ValidationError("--service-env takes KEY=VALUE") }
    }
}

/// How many people there are.
struct PeopleSizeOptions: ParsableArguments {
    @Option(help: "Users.") var users: Int64 = 10_000
    @Option(help: "Friends of each, an even number.") var friendsEach: Int64 = 20
    @Option(help: "The first so many users have --friends-of-popular friends more.") var popular: Int64 = 10
    @Option(help: "How many that are.") var friendsOfPopular: Int64 = 980
    @Option(help: "One-to-one chatrooms.") var directs: Int64 = 3_000
    @Option(help: "Groups.") var groups: Int64 = 20_000
    @Option(help: "Members of each group.") var membersEach: Int64 = 10

    var sizes: PeopleSizes {
        var sizes = PeopleSizes()
        sizes.users = self.users
        sizes.friendsEach = self.friendsEach
        sizes.popular = self.popular
        sizes.friendsOfPopular = self.friendsOfPopular
        sizes.directs = self.directs
        sizes.groups = self.groups
        sizes.membersEach = self.membersEach
        return sizes
    }

    func validate() throws {
        if let problem = self.sizes.problem { throw ValidationError(problem) }
    }
}
