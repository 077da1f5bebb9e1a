import ChatAPI
import Foundation
import Logging
import Redis
import ServiceKit
import ServiceLifecycle
import Sockets
import Synchronization

/// Who has sockets on this node, as leases in Redis, and the `presence` events to their friends when they come first or
/// have gone last over all nodes.
///
/// A lease is rewritten three times within the grace, all of a node's in one go; nothing is deleted when sockets go. So
/// a storm in which all are back within the grace changes nobody's presence, and a node that dies leaves leases that end,
/// which any other node finds and tells. What is lost with a wiped Redis is written again at the next turn.
///
/// A `final class` with a `Mutex`: event loops tell it of sockets.
final class Presence: Service {
    typealias Instant = ContinuousClock.Instant

    /// Those who come are told together.
    private static var gathering: Duration { .milliseconds(100) }
    /// Leases in one command: a server does nothing else meanwhile.
    private static var slice: Int { 1_000 }

    private struct Lease {
        var user: UserID
        var left: Duration
    }

    private struct State {
        var sockets: [UserID: Int] = [:]
        /// Without a socket, and until when their lease holds.
        var departed: [UserID: Instant] = [:]
        /// Not in Redis yet.
        var arrivals: Set<UserID> = []
        var isGathering = false
    }

    private let state = Mutex(State())
    private let grace: Duration
    private let redis: Redis
    private let social: SocialClient
    private let people: People
    private let privacies: Privacies
    private let tasks: BackgroundTasks
    private let logger: Logger

    init(
        grace: Duration, redis: Redis, social: SocialClient, people: People, privacies: Privacies,
        tasks: BackgroundTasks, logger: Logger
    ) {
        self.grace = grace
        self.redis = redis
        self.social = social
        self.people = people
        self.privacies = privacies
        self.tasks = tasks
        self.logger = logger
    }

    // MARK: What sockets do

    func arrived(_ user: UserID) {
        let begins = self.state.withLock { state in
            state.sockets[user, default: 0] += 1
            guard state.sockets[user] == 1, state.departed.removeValue(forKey: user) == nil else { return false }
            state.arrivals.insert(user)
            defer { state.isGathering = true }
            return !state.isGathering
        }
        guard begins else { return }
        self.tasks.start {
            try? await Task.sleep(for: Self.gathering)
            await self.tellArrivals()
        }
    }

    func departed(_ user: UserID) {
        self.state.withLock { state in
            guard let count = state.sockets[user] else { return }
            if count > 1 {
                state.sockets[user] = count - 1
            } else {
                state.sockets[user] = nil
                state.departed[user] = .now + self.grace
            }
        }
    }

    /// What another node says on `user:<id>`: an event, told to the user's sockets here.
    func heard(_ channel: String, _ payload: [UInt8]) {
        guard let user = UserID(String(channel.dropFirst("user:".count))), let room = self.people.room(of: user),
            let event = EncodedEvent(String(decoding: payload, as: UTF8.self), isVolatile: true)
        else { return }
        room.broadcast(event)
    }

    // MARK: Leases

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try? await Task.sleep(for: self.grace / 3)
                await self.rewrite()
            }
        }
    }

    private func tellArrivals() async {
        let arrivals = self.takeArrivals()
        await self.write(
            arrivals.map { Lease(user: $0, left: self.grace) }, arrivals: arrivals, buckets: EmptyCollection<Int64>())
    }

    /// All leases of this node; those whose time is over are left out from now on.
    private func rewrite() async {
        let now = Instant.now
        let arrivals = self.takeArrivals()
        let leases = self.state.withLock { state in
            let over = state.departed.filter { $0.value <= now }.keys
            for user in over { state.departed[user] = nil }
            // Within the lock, so that whoever comes now subscribes after it.
            self.redis.unsubscribe(over.map(BusChannel.user))
            return state.sockets.keys.map { Lease(user: $0, left: self.grace) }
                + state.departed.map { Lease(user: $0, left: $1 - now) }
        }
        await self.write(leases, arrivals: arrivals, buckets: 0..<PresenceLease.buckets)
    }

    private func takeArrivals() -> Set<UserID> {
        self.state.withLock { state in
            let arrivals = state.arrivals
            state.arrivals = []
            state.isGathering = false
            self.redis.subscribe(arrivals.map(BusChannel.user)) { _ in }
            return arrivals
        }
    }

    /// - Parameter buckets: looked through for leases that have ended, also where there is nothing to write.
    private func write(_ leases: [Lease], arrivals: Set<UserID>, buckets: some Sequence<Int64>) async {
        var byBucket = Dictionary(grouping: leases) { PresenceLease.bucket(of: $0.user) }
        for bucket in buckets where byBucket[bucket] == nil { byBucket[bucket] = [] }
        await withDiscardingTaskGroup { group in
            for (bucket, leases) in byBucket {
                group.addTask { await self.write(leases, arrivals: arrivals, in: bucket) }
            }
        }
    }

    private func write(_ leases: [Lease], arrivals: Set<UserID>, in bucket: Int64) async {
        var come: Set<UserID> = []
        /// With when their leases ended.
        var gone: [UserID: Timestamp] = [:]
        do {
            for start in stride(from: 0, to: max(1, leases.count), by: Self.slice) {
                let command = PresenceScript.rewrite(
                    bucket, leases.dropFirst(start).prefix(Self.slice).map { ($0.user, $0.left) }, grace: self.grace)
                let reply = try await self.redis.command(command, key: PresenceLease.key(of: bucket))
                let changes = PresenceScript.changes(reply)
                come.formUnion(changes.come)
                gone.merge(changes.gone) { max($0, $1) }
            }
        } catch {
            // Without Redis nobody is told; those who came are told at the next turn.
            self.logger.debug("presence was not written", metadata: ["error": "\(error)"])
            return self.state.withLock { state in
                for lease in leases where arrivals.contains(lease.user) && state.sockets[lease.user] != nil {
                    state.arrivals.insert(lease.user)
                }
            }
        }
        // After a wipe everybody is new to Redis: those who were here before have not come now.
        await self.tell(
            come.intersection(arrivals).subtracting(gone.keys).map { PresenceEvent(userId: $0, online: true) })
        let left = gone.filter { !come.contains($0.key) }
        await self.tell(
            left.map { user, end in
                // The last sign of them was a grace before their lease ended.
                let seen = end.milliseconds - Int64(self.grace / .milliseconds(1))
                return PresenceEvent(userId: user, online: false, lastSeenAt: Timestamp(milliseconds: seen))
            })
    }

    // MARK: What others may see

    /// Somebody who has sockets here shows their presence no more, or again.
    func audienceChanged(of change: UserPrivacy) {
        let isShown = change.privacy.presence == .friends
        self.tasks.start {
            await self.tellFriends([PresenceEvent(userId: change.user, online: isShown)])
        }
    }

    /// Two friends see each other come and go no more, or do again.
    func sightChanged(_ one: UserID, _ other: UserID, canSee: Bool) {
        for (user, friend) in [(one, other), (other, one)] {
            if !canSee {
                self.tell(friend, PresenceEvent(userId: user, online: false))
            } else if self.privacies.privacy(of: user)?.presence == .friends {
                self.redis.publish(
                    BusChannel.user(friend), EventText.make("presence", PresenceEvent(userId: user, online: true)))
            }
        }
    }

    // MARK: Events

    private struct PresenceEvent: Encodable, Sendable {
        var userId: UserID
        var online: Bool
        /// Absent while they are online.
        var lastSeenAt: Timestamp?
    }

    /// Who has come or gone, of those who let it be seen.
    private func tell(_ events: [PresenceEvent]) async {
        guard !events.isEmpty else { return }
        do {
            let privacies = try await self.privacies.privacies(of: events.map(\.userId))
            let shown = events.filter { privacies[$0.userId]?.presence == .friends }
            await self.tellFriends(shown)
            let seen = shown.compactMap { event in
                event.lastSeenAt.map { NoteLastSeen.User(id: event.userId, at: $0) }
            }
            try await self.social.note(lastSeen: seen)
        } catch {
            self.logger.warning("presence was not told", metadata: ["error": "\(error)"])
        }
    }

    private func tellFriends(_ events: [PresenceEvent]) async {
        guard !events.isEmpty else { return }
        do {
            let friends = try await self.social.friends(of: events.map(\.userId))
            for event in events {
                // What has changed while Social was asked counts.
                if event.online, self.privacies.privacy(of: event.userId)?.presence == .nobody { continue }
                let text = EventText.make("presence", event)
                for friend in friends[event.userId] ?? [] { self.redis.publish(BusChannel.user(friend), text) }
            }
        } catch {
            // A hint: a client fetches its list of friends anew after each `ready`.
            self.logger.warning("presence was not told", metadata: ["error": "\(error)"])
        }
    }

    /// To the sockets of one person on this node.
    private func tell(_ user: UserID, _ event: PresenceEvent) {
        guard let encoded = EncodedEvent(EventText.make("presence", event), isVolatile: true) else { return }
        self.people.room(of: user)?.broadcast(encoded)
    }
}

/// The script by which a node rewrites its leases in one bucket, finds those that have ended, and learns who is new.
private enum PresenceScript {
    /// By the server's clock, so that nodes need not agree on theirs. A lease is only ever made longer: another node may
    /// hold it too.
    private static let text = """
        local time = redis.call('TIME')
        local now = time[1] * 1000 + math.floor(time[2] / 1000)
        local gone = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'WITHSCORES', 'LIMIT', 0, 1000)
        for i = 1, #gone, 2 do redis.call('ZREM', KEYS[1], gone[i]) end
        local come = {}
        for i = 2, #ARGV, 2 do
            local added = redis.call('ZADD', KEYS[1], 'GT', now + ARGV[i + 1], ARGV[i])
            if added == 1 then come[#come + 1] = ARGV[i] end
        end
        redis.call('SET', KEYS[2], now, 'NX')
        redis.call('PEXPIRE', KEYS[1], ARGV[1] * 4)
        redis.call('PEXPIRE', KEYS[2], ARGV[1] * 4)
        return {come, gone}
        """

    static func rewrite(_ bucket: Int64, _ leases: [(user: UserID, left: Duration)], grace: Duration) -> [String] {
        var command = [
            "EVAL", self.text, "2", PresenceLease.key(of: bucket), PresenceLease.sinceKey(of: bucket),
            self.milliseconds(grace),
        ]
        for lease in leases {
            command.append(lease.user.description)
            command.append(self.milliseconds(lease.left))
        }
        return command
    }

    /// Who is new, and who is gone, with when their lease ended.
    static func changes(_ reply: RedisReply) -> (come: [UserID], gone: [UserID: Timestamp]) {
        guard case .array(let lists) = reply, lists.count == 2 else { return ([], [:]) }
        let gone = self.texts(lists[1])
        let leases = stride(from: 0, to: gone.count - 1, by: 2).compactMap { place -> (UserID, Timestamp)? in
            guard let user = UserID(gone[place]), let end = Double(gone[place + 1]).flatMap({ Int64(exactly: $0) })
            else { return nil }
            return (user, Timestamp(milliseconds: end))
        }
        return (self.texts(lists[0]).compactMap { UserID($0) }, Dictionary(leases) { max($0, $1) })
    }

    private static func texts(_ reply: RedisReply) -> [String] {
        guard case .array(let texts) = reply else { return [] }
        return texts.compactMap(\.text)
    }

    private static func milliseconds(_ duration: Duration) -> String { String(Int64(duration / .milliseconds(1))) }
}
