import ChatAPI
import Logging
import Redis
import Synchronization

/// Who is online, by the leases that Gateways keep in Redis.
///
/// Where Redis was wiped a moment ago, or is out of reach, whoever was seen online within the grace still is: nobody seems
/// to leave because a cache was lost. A `final class` with a `Mutex` for that memory.
final class PresenceReader: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// Beyond so many, those who were seen longer ago than the grace are forgotten.
    private static var maxRemembered: Int { 100_000 }

    private static let script = """
        local time = redis.call('TIME')
        local now = time[1] * 1000 + math.floor(time[2] / 1000)
        local online = {}
        for _, user in ipairs(ARGV) do
            local ends = redis.call('ZSCORE', KEYS[1], user)
            if ends and tonumber(ends) > now then online[#online + 1] = user end
        end
        local since = redis.call('GET', KEYS[2])
        return {since and now - since or -1, online}
        """

    private let redis: Redis
    private let grace: Duration
    private let logger: Logger
    private let lastSeen = Mutex<[UserID: Instant]>([:])

    init(redis: Redis, grace: Duration = PresenceLease.grace, logger: Logger) {
        self.redis = redis
        self.grace = grace
        self.logger = logger
    }

    /// Those of `users` who are online.
    func online(among users: [UserID]) async -> Set<UserID> {
        await withTaskGroup(of: Set<UserID>.self) { group in
            for (bucket, users) in Dictionary(grouping: users, by: PresenceLease.bucket) {
                group.addTask { await self.online(among: users, in: bucket) }
            }
            return await group.reduce(into: []) { $0.formUnion($1) }
        }
    }

    private func online(among users: [UserID], in bucket: Int64) async -> Set<UserID> {
        let command =
            ["EVAL", Self.script, "2", PresenceLease.key(of: bucket), PresenceLease.sinceKey(of: bucket)]
            + users.map(\.description)
        var online: Set<UserID> = []
        var isCertain = false
        do {
            let reply = try await self.redis.command(command, key: PresenceLease.key(of: bucket))
            if case .array(let parts) = reply, parts.count == 2, case .integer(let age) = parts[0],
                case .array(let names) = parts[1]
            {
                online = Set(names.compactMap { $0.text.flatMap { UserID($0) } })
                isCertain = .milliseconds(age) >= self.grace
            }
        } catch {
            self.logger.debug("presence is not known", metadata: ["error": "\(error)"])
        }
        return self.remember(online, among: users, isCertain: isCertain)
    }

    private func remember(_ online: Set<UserID>, among users: [UserID], isCertain: Bool) -> Set<UserID> {
        let now = Instant.now
        return self.lastSeen.withLock { lastSeen in
            for user in online { lastSeen[user] = now }
            if lastSeen.count > Self.maxRemembered { lastSeen = lastSeen.filter { $0.value + self.grace > now } }
            if isCertain { return online }
            return Set(users.filter { user in lastSeen[user].map { $0 + self.grace > now } ?? false })
        }
    }
}
