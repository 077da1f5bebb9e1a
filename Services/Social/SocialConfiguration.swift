import ServiceKit

/// Every key of this service, with its default and its meaning.
struct SocialConfiguration: ServiceConfiguration {
    let common: CommonConfiguration
    let database: String
    let requests: FriendRequestRules
    let maxMembers: Int
    let maxInvites: Int
    let maxReportsPerDay: Int
    let upkeepInterval: Duration
    let auditRetention: Duration
    let feedRetention: Duration

    init(_ keys: ConfigurationKeys) {
        self.common = CommonConfiguration(keys)
        self.database = keys.database("SOCIAL_DATABASE_URL", "where this service keeps its schema `social`")
        var requests = FriendRequestRules()
        requests.maxPerDay = keys.int(
            "SOCIAL_REQUESTS_PER_DAY", default: requests.maxPerDay, in: 1...100_000,
            "friend requests one may make in 24 hours")
        requests.maxPending = keys.int(
            "SOCIAL_REQUESTS_PENDING", default: requests.maxPending, in: 1...100_000,
            "friend requests of one's own that may wait for an answer")
        requests.maxPerDayWhenNew = keys.int(
            "SOCIAL_REQUESTS_PER_DAY_WHEN_NEW", default: requests.maxPerDayWhenNew, in: 1...100_000,
            "the same while one's account is new")
        requests.newFor = keys.duration(
            "SOCIAL_NEW_FOR", default: requests.newFor, "how long an account is new; 0 is never")
        requests.lifetime = keys.duration(
            "SOCIAL_REQUEST_LIFETIME", default: requests.lifetime,
            "how long a friend request waits for an answer before it has expired")
        requests.coolDown = keys.duration(
            "SOCIAL_REQUEST_COOL_DOWN", default: requests.coolDown,
            "how long one waits after a rejection before asking the same person again")
        self.requests = requests
        self.maxMembers = keys.int("SOCIAL_GROUP_MEMBERS", default: 500, in: 2...10_000, "members a group may have")
        self.upkeepInterval = keys.duration(
            "SOCIAL_UPKEEP_INTERVAL", default: .seconds(60),
            "how often requests that have waited too long are ended, and what counts no longer is removed")
        self.feedRetention = keys.duration(
            "SOCIAL_FEED_RETENTION", default: .seconds(30 * 86_400),
            "how long rows of the change feed are kept; a service further behind compares with a snapshot")
        self.auditRetention = keys.duration(
            "SOCIAL_AUDIT_RETENTION", default: .seconds(365 * 86_400),
            "how long the audit of operators is kept; at least 30 days")
        if self.auditRetention < .seconds(30 * 86_400) {
            keys.problem("SOCIAL_AUDIT_RETENTION", "is shorter than 30 days")
        }
        self.maxReportsPerDay = keys.int(
            "SOCIAL_REPORTS_PER_DAY", default: 20, in: 1...100_000, "reports one may make in 24 hours")
        self.maxInvites = keys.int(
            "SOCIAL_GROUP_INVITES", default: 50, in: 1...10_000, "links into a group that hold at a time")
    }
}
