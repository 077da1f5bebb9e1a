import ArgumentParser
import ChatAPI
import Foundation
import PeopleSeed
import Postgres
import ServiceKit

/// `loadtest auth …`: Auth alone, with its PostgreSQL and Redis.
struct AuthCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "auth", abstract: "Makes Auth's database large, and puts Auth under load.",
        subcommands: [Seed.self, Login.self, Renew.self, Register.self, Other.self, Check.self])

    /// Users that are signed in, as far as a run needs them.
    private static let sessions: Int64 = 10_000

    private static func seed(_ sizes: PeopleSizes) -> AuthSeed {
        AuthSeed(sizes, passwordHash: PasswordLoop.hash(AuthLoads.password), sessions: Self.sessions)
    }

    private static func run(
        _ options: PeopleOptions, _ sizes: PeopleSizes, seconds: Double,
        _ body: (PeopleRun.Running) async throws -> PeopleResults
    ) async throws {
        try await PeopleRun(
            service: .auth, options: options, seconds: seconds,
            fill: { try await PeopleDatabase.fill(Self.seed(sizes), in: $0) }
        ).execute(body)
    }

    struct Seed: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Loads users, and sessions of the first 10,000, into Auth's database.",
            discussion: """
                The database has Auth's schema, as Auth makes it when it starts, and no users; the password of all is \
                "\(AuthLoads.password)". All of it is one transaction.
                """)
        @Option(help: "The database, a libpq URL; else AUTH_DATABASE_URL.") var database: String?
        @OptionGroup var people: PeopleSizeOptions

        func run() async throws {
            guard let url = self.database ?? ProcessInfo.processInfo.environment["AUTH_DATABASE_URL"] else {
                throw ValidationError("--database or AUTH_DATABASE_URL names the database")
            }
            let start = ContinuousClock.now
            try await PeopleDatabase.with(url) { try await AuthCommand.seed(self.people.sizes).fill($0) }
            print("\(self.people.users) users after \(Int(start.duration(to: .now) / .seconds(1))) s")
        }
    }

    struct Login: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Everybody signs in at once, while others go on asking.",
            discussion: """
                First the other calls are measured alone, then while --clients sign in again and again, and at last a loop \
                that only hashes, on the same CPUs.
                """)
        @OptionGroup var options: PeopleOptions
        @OptionGroup(title: "The people that are there") var people: PeopleSizeOptions
        @Option(help: "How many sign in at once, each again when it is done.") var clients = 32
        @Option(help: "Other calls per second.") var otherRate = 50.0
        @Option(help: "Seconds of each part.") var duration = 10.0
        @Option(help: "Threads of the bare loop: as many as AUTH_PASSWORD_THREADS.") var threads = 2
        @Option(help: "Fail where fewer of the bare loop's hashes become answers; 0.9 is nine of ten.")
        var minHashShare: Double?
        @Option(help: "Fail where the 99th percentile of other calls rises more often.") var maxSlowdown: Double?

        func validate() throws {
            try RunOptions.check(self.clients, 1...10_000, "--clients")
            try RunOptions.check(self.threads, 1...256, "--threads")
        }

        func run() async throws {
            let sizes = self.people.sizes
            try await AuthCommand.run(self.options, sizes, seconds: self.duration) { running in
                let other = AuthLoads.Other(
                    users: sizes.users, sessions: min(AuthCommand.sessions, sizes.users), rate: self.otherRate)
                var results = PeopleResults(run: "login", rate: 0)
                var rest = PeopleResults(run: "other", rate: self.otherRate)
                try await running.measure(other, into: &rest)
                let span = LoadSpan(warmUp: PeopleRun.warmUp, seconds: self.duration)
                async let others = other.run(running.system, during: span)
                try await running.measure(
                    AuthLoads.Login(users: sizes.users, rate: 0, clients: self.clients), into: &results)
                let meanwhile = try await others
                results.otherAtRest = rest.latencies
                results.otherMeanwhile = meanwhile.latencies.mapValues { RunResults.Latencies($0) }
                results.errors.merge(meanwhile.errors.merging(rest.errors) { $0 + $1 }) { $0 + $1 }
                results.bareHashesPerSecond = try await PasswordLoop.run(
                    threads: self.threads, seconds: min(5, self.duration), cpus: self.options.serviceCpus)
                results.judge(self.options, minHashShare: self.minHashShare, maxSlowdown: self.maxSlowdown)
                return results
            }
        }
    }

    struct Register: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "New accounts, each with its first session.")
        @OptionGroup var options: PeopleOptions
        @OptionGroup(title: "The people that are there") var people: PeopleSizeOptions
        @Option(help: "How many register at once, each again when it is done.") var clients = 32
        @Option(help: "Accounts per second; 0: as many as it makes.") var rate = 0.0
        @Option(help: "Seconds that are measured.") var duration = 10.0

        func validate() throws { try RunOptions.check(self.clients, 1...10_000, "--clients") }

        func run() async throws {
            try await AuthCommand.run(self.options, self.people.sizes, seconds: self.duration) { running in
                var results = PeopleResults(run: "register", rate: self.rate)
                try await running.measure(
                    AuthLoads.Register(rate: self.rate, clients: self.clients), into: &results)
                results.judge(self.options)
                return results
            }
        }
    }

    struct Renew: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "New tokens for old ones, as services ask for them.")
        @OptionGroup var options: PeopleOptions
        @OptionGroup(title: "The people that are there") var people: PeopleSizeOptions
        @Option(help: "Tokens of a call.") var batch = 50
        @Option(help: "Calls per second.") var rate = 100.0
        @Option(help: "Seconds that are measured.") var duration = 10.0

        func validate() throws { try RunOptions.check(self.batch, 1...200, "--batch") }

        func run() async throws {
            let sizes = self.people.sizes
            try await AuthCommand.run(self.options, sizes, seconds: self.duration) { running in
                var results = PeopleResults(run: "renew", rate: self.rate)
                let sessions = min(AuthCommand.sessions, sizes.users)
                try await running.measure(
                    AuthLoads.Renew(sessions: sessions, batch: self.batch, rate: self.rate), into: &results)
                results.judge(self.options)
                return results
            }
        }
    }

    struct Other: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "other", abstract: "One's own account, profiles of fifty, and people by a beginning, in turn.")
        @OptionGroup var options: PeopleOptions
        @OptionGroup(title: "The people that are there") var people: PeopleSizeOptions
        @Option(help: "Calls per second.") var rate = 200.0
        @Option(help: "Seconds that are measured.") var duration = 10.0

        func run() async throws {
            let sizes = self.people.sizes
            try await AuthCommand.run(self.options, sizes, seconds: self.duration) { running in
                var results = PeopleResults(run: "other", rate: self.rate)
                let sessions = min(AuthCommand.sessions, sizes.users)
                try await running.measure(
                    AuthLoads.Other(users: sizes.users, sessions: sessions, rate: self.rate), into: &results)
                results.judge(self.options)
                return results
            }
        }
    }

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "What it costs a service to check a token, by itself: no network, no database.")
        @Option(help: "How many tokens.") var tokens = 5_000
        @Flag(help: "Print the results as one JSON object.") var json = false
        @Option(help: "Fail where a check takes more CPU, in microseconds.") var maxMicroseconds: Double?

        private struct Results: Codable {
            /// Of a token that was never seen: its signature is checked.
            var firstMicroseconds: Double
            /// Of one that was found good before.
            var knownMicroseconds: Double
        }

        func validate() throws { try RunOptions.check(self.tokens, 1...10_000, "--tokens") }

        private static var cpuSeconds: Double {
            var time = timespec()
            clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
            return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
        }

        func run() async throws {
            let signer = try Secret.random().signer
            let tokens = try (1...self.tokens).map { number in
                let now = Timestamp.now
                return try signer.sign(
                    TokenClaims(
                        user: UserID(Int64(number)), session: UUID(), issuedAt: now,
                        expiresAt: Timestamp(milliseconds: now.milliseconds + 3_600_000)))
            }
            let verifier = TokenVerifier()
            try verifier.load(jwks: JSONWebKeySet(keys: [signer.publicKey]).text, revoked: [])
            func microseconds() throws -> Double {
                let before = Self.cpuSeconds
                for token in tokens { _ = try verifier.verify(token) }
                return (Self.cpuSeconds - before) * 1e6 / Double(tokens.count)
            }
            let results = Results(firstMicroseconds: try microseconds(), knownMicroseconds: try microseconds())
            if self.json {
                print(String(decoding: try JSONEncoder().encode(results), as: UTF8.self))
            } else {
                print("first time  \(RunResults.number(results.firstMicroseconds)) µs of CPU")
                print("known       \(RunResults.number(results.knownMicroseconds)) µs of CPU")
            }
            if let most = self.maxMicroseconds, results.firstMicroseconds > most {
                print("FAILED      above \(RunResults.number(most)) µs")
                throw ExitCode.failure
            }
        }
    }
}
