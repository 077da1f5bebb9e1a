import ServiceKit

/// Every key of this service, with its default and its meaning.
struct SocialConfiguration: ServiceConfiguration {
    let common: CommonConfiguration
    let database: String
    let requests: FriendRequestRules
    let maxMembers: Int
    let maxInvites: Int

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
        requests.coolDown = keys.duration(
            "SOCIAL_REQUEST_COOL_DOWN", default: requests.coolDown,
            "how long one waits after a rejection before asking the same person again")
        self.requests = requests
        self.maxMembers = keys.int("SOCIAL_GROUP_MEMBERS", default: 500, in: 2...10_000, "members a group may have")
        self.maxInvites = keys.int(
            "SOCIAL_GROUP_INVITES", default: 50, in: 1...10_000, "links into a group that hold at a time")
    }
}
