import ArgumentParser
import Foundation
import LogSeed

/// `loadtest history …`: makes History's log large, and puts Histories under load. They need PostgreSQL, Redis and the
/// stub, and nothing else.
struct HistoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Makes History's log large, and puts it under load.",
        subcommands: [Seed.self, Append.self, Page.self, Overview.self, Sync.self, Search.self])

    struct Seed: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Loads chatrooms, members, entries, read cursors and search index into History's database.",
            discussion: """
                The database has History's schema, as History makes it when it starts, and none of these chatrooms: ids are \
                1, 2, 3 …, of people and of chatrooms. All of it is one transaction; the same seed makes the same log. \
                Neither Social nor Auth is told of these people.
                """)
        @Option(help: "The database, a libpq URL; else HISTORY_DATABASE_URL.") var database: String?
        @OptionGroup var log: LogOptions

        func run() async throws {
            guard let url = self.database ?? ProcessInfo.processInfo.environment["HISTORY_DATABASE_URL"] else {
                throw ValidationError("--database or HISTORY_DATABASE_URL names the database")
            }
            let start = ContinuousClock.now
            try await LogDatabase.with(url) { try await $0.fill(self.log.log) }
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            print("\(self.log.entries) entries in \(self.log.chatrooms) chatrooms after \(Int(seconds.rounded())) s")
        }
    }

    struct Append: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Messages, handed over as Gateways do it, until each is acknowledged.")
        @OptionGroup var options: HistoryOptions
        @Option(help: "Messages go to the first so many of the chatrooms; to all unless told.") var rooms: Int64?
        @Option(help: "Gateways that are played: each has four lanes for each History.") var gateways = 2
        @Option(help: "Messages per second; 0: everybody sends again when the last one is acknowledged.") var rate = 0.0
        @Option(help: "With --rate 0: how many send.") var senders = 2_000
        @Option(help: "Bytes of a message's content.") var messageBytes = 100
        @Option(help: "Seconds that are measured.") var duration = 10.0

        func validate() throws {
            try RunOptions.check(self.gateways, 1...64, "--gateways")
            try RunOptions.check(self.senders, 1...100_000, "--senders")
            try RunOptions.check(self.messageBytes, 1...4_000, "--message-bytes")
            guard (1...self.options.log.chatrooms).contains(self.rooms ?? 1) else {
                throw ValidationError("--rooms is 1 to --chatrooms")
            }
        }

        func run() async throws {
            let load = AppendLoad(
                log: self.options.log.log, chatrooms: self.rooms ?? self.options.log.chatrooms, gateways: self.gateways,
                rate: self.rate, senders: self.senders, bytes: self.messageBytes)
            try await HistoryRun(self.options, load, seconds: self.duration).execute()
        }
    }

    struct Page: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Pages of chatrooms, with the senders' profiles.")
        @OptionGroup var options: HistoryOptions
        @Option(help: "Messages of a page.") var limit = 50
        @Option(help: "Pages per second.") var rate = 200.0
        @Option(help: "Seconds that are measured.") var duration = 10.0

        func validate() throws { try RunOptions.check(self.limit, 1...200, "--limit") }

        func run() async throws {
            let load = ReadLoad(.page(limit: self.limit), self.options.log.log, rate: self.rate)
            try await HistoryRun(self.options, load, seconds: self.duration).execute()
        }
    }

    struct Overview: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Chat lists: head, unread and last message of each chatroom.")
        @OptionGroup var options: HistoryOptions
        @Option(help: "Chat lists per second.") var rate = 100.0
        @Option(help: "Seconds that are measured.") var duration = 10.0

        func run() async throws {
            let load = ReadLoad(.overview, self.options.log.log, rate: self.rate)
            try await HistoryRun(self.options, load, seconds: self.duration).execute()
        }
    }

    struct Sync: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Everybody comes back at once, and asks what was missed.")
        @OptionGroup var options: HistoryOptions
        @Option(help: "Clients.") var clients = 10_000
        @Option(help: "In how many of a client's chatrooms one message is new.") var behind = 2
        @Option(help: "How often everybody comes back.") var rounds = 3

        func validate() throws {
            try RunOptions.check(self.clients, 1...100_000, "--clients")
            try RunOptions.check(self.behind, 0...Int(self.options.log.chatroomsEach), "--behind")
            try RunOptions.check(self.rounds, 1...100, "--rounds")
        }

        func run() async throws {
            let load = SyncLoad(self.options.log.log, clients: self.clients, behind: self.behind)
            try await HistoryRun(self.options, load, seconds: 1, rounds: self.rounds).execute()
        }
    }

    struct Search: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Two characters of Chinese and a word, alone and with filters, in turn.")
        @OptionGroup var options: HistoryOptions
        @Option(help: "Characters of Chinese.") var chinese = "中文"
        @Option(help: "A word.") var word = "porcelain"
        @Option(help: "Searches per second.") var rate = 50.0
        @Option(help: "Seconds that are measured.") var duration = 10.0

        func run() async throws {
            let load = ReadLoad(
                .search(chinese: self.chinese, word: self.word), self.options.log.log, rate: self.rate)
            try await HistoryRun(self.options, load, seconds: self.duration).execute()
        }
    }
}
