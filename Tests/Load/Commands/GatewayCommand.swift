import ArgumentParser

/// `loadtest gateway …`: the runs. They need Gateways, Redis and the stub, and nothing else.
struct GatewayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gateway", abstract: "Puts Gateways under load.",
        subcommands: [Fanout.self, Rooms.self, Idle.self, Storm.self, Soak.self, Faults.self])

    struct Fanout: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "One large chatroom in which everybody talks.")
        @OptionGroup var options: RunOptions
        @Option(help: "Connections, each of a person of its own.") var connections = 1_000
        @Option(help: "Messages per second, over all senders.") var rate = 100.0
        @Option(help: "Seconds of traffic that are measured.") var duration = 10.0
        @Option(
            help: """
                So many talk, and the others only listen: where there are several Gateways, all who talk are at the first and \
                none of the others. 0: everybody talks.
                """)
        var talkers = 0

        func validate() throws { try RunOptions.check(self.talkers, 0...self.connections - 1, "--talkers") }

        func run() async throws {
            try await Run(
                "fanout", self.options, CrowdOptions(connections: self.connections, chatrooms: 1),
                TrafficOptions(perSecond: self.rate, seconds: self.duration, talkers: self.talkers)
            ).execute()
        }
    }

    struct Rooms: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Many chatrooms, all talking.")
        @OptionGroup var options: RunOptions
        @Option(help: "Connections, each of a person of its own.") var connections = 1_000
        @Option(help: "Chatrooms; each person is in one.") var rooms = 200
        @Option(help: "Messages per second, over all senders.") var rate = 1_000.0
        @Option(help: "Seconds of traffic that are measured.") var duration = 10.0

        func run() async throws {
            try await Run(
                "rooms", self.options, CrowdOptions(connections: self.connections, chatrooms: self.rooms),
                TrafficOptions(perSecond: self.rate, seconds: self.duration)
            ).execute()
        }
    }

    struct Idle: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Connections that say nothing: what each costs.")
        @OptionGroup var options: RunOptions
        @Option(help: "Connections, each of a person of its own.") var connections = 10_000
        @Option(help: "Chatrooms; each person is in one.") var rooms = 200
        @Option(help: "Seconds that they stay.") var duration = 60.0

        func run() async throws {
            var options = self.options
            options.connectRate = options.connectRate ?? 2_000
            try await Run(
                "idle", options, CrowdOptions(connections: self.connections, chatrooms: self.rooms),
                TrafficOptions(perSecond: 0, seconds: self.duration)
            ).execute()
        }
    }

    struct Storm: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Everybody comes at once, goes, and comes again.",
            discussion: "With --rate people also talk, so that those who come back have something to catch up with.")
        @OptionGroup var options: RunOptions
        @Option(help: "Connections, each of a person of its own.") var connections = 10_000
        @Option(help: "Chatrooms; each person is in one.") var rooms = 200
        @Option(help: "How often everybody comes.") var rounds = 3
        @Option(help: "Messages per second between the rounds.") var rate = 0.0
        @Option(help: "Seconds between the rounds.") var duration = 3.0

        func validate() throws { try RunOptions.check(self.rounds, 1...1_000, "--rounds") }

        func run() async throws {
            var options = self.options
            options.connectRate = options.connectRate ?? 0
            try await Run(
                "storm", options, CrowdOptions(connections: self.connections, chatrooms: self.rooms),
                TrafficOptions(perSecond: self.rate, seconds: self.duration), rounds: self.rounds
            ).execute()
        }
    }

    struct Soak: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Talk for a long time, while some go and come back with their cursors.")
        @OptionGroup var options: RunOptions
        @Option(help: "Connections, each of a person of its own.") var connections = 2_000
        @Option(help: "Chatrooms; each person is in one.") var rooms = 200
        @Option(help: "Messages per second, over all senders.") var rate = 200.0
        @Option(help: "People that go and come back, per second.") var churn = 20.0
        @Option(help: "Seconds of traffic.") var duration = 600.0

        func run() async throws {
            try await Run(
                "soak", self.options, CrowdOptions(connections: self.connections, chatrooms: self.rooms),
                TrafficOptions(perSecond: self.rate, seconds: self.duration, churn: self.churn)
            ).execute()
        }
    }

    struct Faults: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Gateways and Redis die under traffic; nothing may be lost, nobody left behind.",
            discussion: """
                Each fault strikes a second after people have begun to talk, and lasts for --outage. Then everybody must be \
                back, every message acknowledged, and every entry with every member: once, in order.
                """)
        @OptionGroup var options: RunOptions
        @Option(help: "Connections, each of a person of its own.") var connections = 2_000
        @Option(help: "Chatrooms; each person is in one.") var rooms = 200
        @Option(help: "Messages per second, over all senders.") var rate = 500.0
        @Option(
            help: ArgumentHelp(
                "\(Fault.allCases.map(\.rawValue).joined(separator: ", ")); may be given several times; all in turn unless told.",
                valueName: "fault"))
        var fault: [Fault] = []
        @Option(help: "Seconds that a fault lasts.") var outage = 2.0
        @Option(help: "Seconds after it within which all must be well again.") var within = 60.0

        func run() async throws {
            try await Run(
                "faults", self.options, CrowdOptions(connections: self.connections, chatrooms: self.rooms),
                TrafficOptions(perSecond: self.rate, seconds: 2),
                faults: FaultOptions(
                    faults: self.fault.isEmpty ? Fault.allCases : self.fault, outage: .seconds(self.outage),
                    patience: .seconds(self.within))
            ).execute()
        }
    }
}
