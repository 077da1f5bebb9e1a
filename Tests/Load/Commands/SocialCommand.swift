import ArgumentParser
import Foundation
import PeopleSeed
import Postgres
import ServiceKit

/// `loadtest social …`: Social alone, with its PostgreSQL, Redis and a stub of Auth and History.
struct SocialCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "social", abstract: "Makes Social's database large, and puts Social under load.",
        subcommands: [Seed.self, Friends.self, Memberships.self, Chatrooms.self, Groups.self])

    private static func run(
        _ load: some PeopleLoad, _ options: PeopleOptions, _ sizes: PeopleSizes, seconds: Double
    ) async throws {
        try await PeopleRun(
            service: .social, options: options, seconds: seconds,
            fill: { try await PeopleDatabase.fill(SocialSeed(sizes), in: $0) }
        ).execute { running in
            var results = PeopleResults(run: load.name, rate: load.rate)
            try await running.measure(load, into: &results)
            results.judge(options)
            return results
        }
    }

    struct Seed: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Loads friendships, chatrooms and members into Social's database.",
            discussion: """
                The database has Social's schema, as Social makes it when it starts, and nothing in it. All of it is one \
                transaction. With the same numbers, `loadtest auth seed` makes the users.
                """)
        @Option(help: "The database, a libpq URL; else SOCIAL_DATABASE_URL.") var database: String?
        @OptionGroup var people: PeopleSizeOptions

        func run() async throws {
            guard let url = self.database ?? ProcessInfo.processInfo.environment["SOCIAL_DATABASE_URL"] else {
                throw ValidationError("--database or SOCIAL_DATABASE_URL names the database")
            }
            let start = ContinuousClock.now
            let sizes = self.people.sizes
            let friendships: Int64 = try await PeopleDatabase.with(url) { postgres in
                try await SocialSeed(sizes).fill(postgres)
                return try await postgres.one("SELECT count(*) FROM social.friendships")
            }
            print(
                "\(friendships) friendships and \(sizes.chatrooms) chatrooms after "
                    + "\(Int(start.duration(to: .now) / .seconds(1))) s")
        }
    }

    struct Friends: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists of friends to their end, with profiles and who is online.")
        @OptionGroup var options: PeopleOptions
        @OptionGroup(title: "The people that are there") var people: PeopleSizeOptions
        @Flag(help: "Only of those who have many.") var popularOnly = false
        @Option(help: "Lists per second.") var rate = 100.0
        @Option(help: "Seconds that are measured.") var duration = 10.0

        func run() async throws {
            let load = SocialLoads.Friends(sizes: self.people.sizes, popular: self.popularOnly, rate: self.rate)
            try await SocialCommand.run(load, self.options, self.people.sizes, seconds: self.duration)
        }
    }

    struct Memberships: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Where users are, many in a call, as Gateways ask when everybody comes at once.")
        @OptionGroup var options: PeopleOptions
        @OptionGroup(title: "The people that are there") var people: PeopleSizeOptions
        @Option(help: "Users of a call.") var batch = 500
        @Option(help: "Calls per second; 0: each client asks again when it has its answer.") var rate = 0.0
        @Option(help: "With --rate 0: how many ask at once.") var clients = 1
        @Option(help: "Seconds that are measured.") var duration = 10.0

        func validate() throws {
            try RunOptions.check(self.batch, 1...1_000, "--batch")
            try RunOptions.check(self.clients, 1...1_000, "--clients")
        }

        func run() async throws {
            let load = SocialLoads.Memberships(
                sizes: self.people.sizes, batch: self.batch, rate: self.rate, clients: self.clients)
            try await SocialCommand.run(load, self.options, self.people.sizes, seconds: self.duration)
        }
    }

    struct Chatrooms: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "One's chatrooms, and members of a group, in turn.")
        @OptionGroup var options: PeopleOptions
        @OptionGroup(title: "The people that are there") var people: PeopleSizeOptions
        @Option(help: "Calls per second.") var rate = 100.0
        @Option(help: "Seconds that are measured.") var duration = 10.0

        func run() async throws {
            let load = SocialLoads.Chatrooms(sizes: self.people.sizes, rate: self.rate)
            try await SocialCommand.run(load, self.options, self.people.sizes, seconds: self.duration)
        }
    }

    struct Groups: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Groups are made, renamed, given an admin, and lose a member.")
        @OptionGroup var options: PeopleOptions
        @OptionGroup(title: "The people that are there") var people: PeopleSizeOptions
        @Option(help: "Groups per second; 0: each client begins again when it is done.") var rate = 0.0
        @Option(help: "With --rate 0: how many do it at once.") var clients = 8
        @Option(help: "Seconds that are measured.") var duration = 10.0

        func validate() throws { try RunOptions.check(self.clients, 1...1_000, "--clients") }

        func run() async throws {
            let load = SocialLoads.Groups(sizes: self.people.sizes, rate: self.rate, clients: self.clients)
            try await SocialCommand.run(load, self.options, self.people.sizes, seconds: self.duration)
        }
    }
}
