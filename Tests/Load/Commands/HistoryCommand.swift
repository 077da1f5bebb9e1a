import ArgumentParser
import Foundation
import LogSeed
import Logging
import Postgres

/// `loadtest history …`: what puts History's database under load, or makes it large.
struct HistoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Makes History's log large.", subcommands: [Seed.self])

    struct Seed: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Loads chatrooms, members, entries, read cursors and search index into History's database.",
            discussion: """
                The database has History's schema, as History makes it when it starts, and none of these chatrooms: ids are \
                1, 2, 3 …, of people and of chatrooms. All of it is one transaction; the same seed makes the same log. \
                Neither Social nor Auth is told of these people.
                """)
        @Option(help: "The database, a libpq URL; else HISTORY_DATABASE_URL.") var database: String?
        @Option(help: "Chatrooms.") var chatrooms: Int64 = 1_000
        @Option(help: "Entries of all chatrooms together; each chatroom has as many.") var entries: Int64 = 1_000_000
        @Option(help: "People.") var users: Int64 = 10_000
        @Option(help: "In how many chatrooms each person is.") var chatroomsEach: Int64 = 20
        @Option(help: "Another number, other messages.") var seed: Int64 = 1

        private var log: LogSeed {
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

        func run() async throws {
            guard let url = self.database ?? ProcessInfo.processInfo.environment["HISTORY_DATABASE_URL"] else {
                throw ValidationError("--database or HISTORY_DATABASE_URL names the database")
            }
            var configuration = try PostgresConfiguration(url: url)
            configuration.connections = 1
            configuration.statementTimeout = .seconds(7_200)
            var logger = Logger(label: "seed")
            logger.logLevel = .error
            let postgres = Postgres(configuration, logger: logger)
            let start = ContinuousClock.now
            let result: Result<Void, any Error>
            do {
                let taken: Bool = try await postgres.one(
                    """
                    SELECT EXISTS (SELECT FROM history.chatroom_heads
                        WHERE chatroom_id BETWEEN \(LogSeed.first) AND \(LogSeed.first + self.chatrooms - 1))
                    """)
                if taken { throw RunError("some of these chatrooms are there already; nothing was changed") }
                result = .success(try await self.log.fill(postgres))
            } catch {
                result = .failure(error)
            }
            await postgres.close()
            try result.get()
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            print("\(self.entries) entries in \(self.chatrooms) chatrooms after \(Int(seconds.rounded())) s")
        }
    }
}
