import ChatAPI
import Logging
import Redis
import ServiceKit
import ServiceLifecycle
import Synchronization

/// Tells the members of a chatroom up to where others have read: once a second for each reader and chatroom, however often
/// they scroll; not of those who do not let others see it. Ephemeral: whoever misses it asks for a message's readers.
///
/// A `final class` with a `Mutex`: requests add, one task publishes.
final class ReadAnnouncer: Service {
    private struct Place: Hashable {
        let chatroom: ChatroomID
        let user: UserID
    }

    private static let interval = Duration.seconds(1)

    private let redis: Redis
    private let receipts: ReceiptCache
    private let clock: any Clock<Duration>
    private let logger: Logger
    private let untold = Mutex<[Place: Seq]>([:])

    init(redis: Redis, receipts: ReceiptCache, clock: any Clock<Duration> = ContinuousClock(), logger: Logger) {
        self.redis = redis
        self.receipts = receipts
        self.clock = clock
        self.logger = logger
    }

    func announce(_ user: UserID, hasRead chatroom: ChatroomID, upTo seq: Seq) {
        self.untold.withLock { $0[Place(chatroom: chatroom, user: user), default: 0].raise(to: seq) }
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while (try? await self.clock.sleep(for: Self.interval)) != nil { await self.publish() }
        }
        await self.publish()
    }

    /// Tells all there is to tell.
    func publish() async {
        let places = self.untold.withLock { untold in
            defer { untold = [:] }
            return untold
        }
        if places.isEmpty { return }
        let tellers = await self.receipts.tellers(among: Set(places.keys.map(\.user)))
        for (place, seq) in places where tellers.contains(place.user) {
            do {
                let read = ReadEvent(chatroomId: place.chatroom, userId: place.user, seq: seq)
                let text = try EventText.make("read", read)
                self.redis.publish(BusChannel.chatroom(place.chatroom), BusEntry(seq: 0, event: text[...]).text)
            } catch {
                self.logger.error("a read event could not be written", metadata: ["error": "\(error)"])
            }
        }
    }
}

extension Seq {
    fileprivate mutating func raise(to seq: Seq) { self = Swift.max(self, seq) }
}
