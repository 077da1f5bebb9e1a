import ArgumentParser
import Foundation
import Hummingbird
import Logging
import Redis
import ServiceKit

/// Answers in place of Auth, Social and History, so that only Gateways and Redis are measured.
struct StubCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stub",
        abstract: "Answers in place of Auth, Social and History.",
        discussion: """
            Prints the environment that a Gateway and a run need, then "ready". Its messages are in memory and gone with \
            it. Ctrl-C ends it; then it tells how often it was asked.
            """)

    @Option(help: "Where it listens.") var address = "127.0.0.1:9100"
    @Option(help: "The Redis servers of the Gateways, with commas between.") var redis = "redis://127.0.0.1:6379"
    @Option(help: "From which keys are made; at random unless told here or in LOADTEST_SECRET.") var secret: String?
    @Option(help: "Milliseconds that storing a batch of messages takes, as an fsync does.") var historyDelay = 3.3
    @Option(help: "Milliseconds that any other answer takes.") var delay = 1.0
    @Option(help: "Microseconds more for each item of a batch.") var itemDelay = 10.0
    @Option(help: "Everything takes so many times as long.") var slow = 1.0
    @Option(help: "Entries kept of each chatroom, for those who come back.") var keep = 10_000
    @Flag(help: ArgumentHelp("End when standard input does.", visibility: .hidden)) var untilInputEnds = false

    func validate() throws {
        guard ListenAddress(self.address) != nil else { throw ValidationError("--address takes host:port") }
        guard self.historyDelay >= 0, self.delay >= 0, self.itemDelay >= 0, (1...1_000).contains(self.slow),
            self.keep > 0
        else { throw ValidationError("delays are not below 0, --slow is 1 to 1000, --keep above 0") }
    }

    func run() async throws {
        guard let address = ListenAddress(self.address) else { return }
        let given = self.secret ?? ProcessInfo.processInfo.environment["LOADTEST_SECRET"]
        let secret = given.map { Secret($0) } ?? .random()
        var logger = Logger(label: "stub")
        logger.logLevel = .warning
        let urls = self.redis.split(separator: ",").map(String.init)
        let redis = try Redis(urls: urls, logger: logger)
        let pace = Pace(
            history: .seconds(self.historyDelay / 1_000), other: .seconds(self.delay / 1_000),
            item: .seconds(self.itemDelay / 1_000_000), slow: self.slow)
        let stub = try Stub(secret: secret, redis: redis, pace: pace, keep: self.keep)
        let environment = Self.environment(at: address, secret: secret, redis: self.redis)
        let application = Application(
            router: stub.routes,
            configuration: .init(address: .hostname(address.host, port: address.port)),
            services: [redis, Beacon(stub: stub)],
            onServerRunning: { _ in
                for (name, value) in environment { Self.say("export \(name)='\(value)'") }
                Self.say("ready")
            }, logger: logger)
        if self.untilInputEnds {
            Thread.detachNewThread {
                while readLine() != nil {}
                Foundation.exit(0)
            }
        }
        try await application.runService()
        for (path, count) in stub.counts.sorted(by: { $0.key < $1.key }) {
            Self.say("# \(path): \(count.calls) calls, \(count.items) items")
        }
    }

    /// What a Gateway needs to be set up with, and a run to be told.
    static func environment(at address: ListenAddress, secret: Secret, redis: String) -> [(String, String)] {
        [
            ("AUTH_URLS", "http://\(address)/auth"), ("SOCIAL_URLS", "http://\(address)/social"),
            ("HISTORY_URLS", "http://\(address)/history"), ("REDIS_URLS", redis),
            ("SERVICE_KEYS", secret.serviceKeys), ("LOADTEST_SECRET", secret.text),
            ("LOADTEST_STUB", "http://\(address)"),
        ]
    }

    private static func say(_ line: String) { FileHandle.standardOutput.write(Data("\(line)\n".utf8)) }
}
