import ChatAPI
import Logging
import Redis
import ServiceKit
import ServiceLifecycle

/// Says every 2 s, on every Redis server, how far the logs are in which something was written lately. So a Gateway finds
/// a hint that was lost with nothing after it, and one that hears no beacon knows that it is deaf.
///
/// It beats whether the database answers or not: that the bus works is news of its own. An `actor`, as the beat goes on
/// while the reading waits.
actor Beacon: Service {
    private static let interval = Duration.seconds(2)
    private static let readInterval = Duration.seconds(1)
    private static let window = Duration.seconds(10)

    private let heads: HeadStore
    private let redis: Redis
    private let clock: any Clock<Duration>
    private let logger: Logger
    /// What was read since the last beat.
    private var unsaid: [ChatroomID: Seq] = [:]
    /// When the database was last read. The next reading reaches back over all the time since.
    private var lastRead = ContinuousClock.now

    init(heads: HeadStore, redis: Redis, clock: any Clock<Duration> = ContinuousClock(), logger: Logger) {
        self.heads = heads
        self.redis = redis
        self.clock = clock
        self.logger = logger
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await self.every(Self.readInterval) { await self.read() } }
                group.addTask { await self.every(Self.interval) { await self.beat() } }
            }
        }
    }

    /// Learns which heads to tell.
    func read() async {
        let start = ContinuousClock.now
        do {
            let heads = try await self.heads.heads(writtenInLast: Self.window + (start - self.lastRead))
            self.unsaid.merge(heads) { max($0, $1) }
            self.lastRead = start
        } catch {
            self.logger.warning("the beacon could not read the heads", metadata: ["error": "\(error)"])
        }
    }

    /// Publishes once; `{}` where there is nothing to tell.
    func beat() {
        let text = self.unsaid.map { "\"\($0)\":\($1)" }.joined(separator: ",")
        self.unsaid = [:]
        self.redis.publishOnAll(BusChannel.heads, "{\(text)}")
    }

    private nonisolated func every(_ interval: Duration, _ work: () async -> Void) async {
        while (try? await self.clock.sleep(for: interval)) != nil { await work() }
    }
}
