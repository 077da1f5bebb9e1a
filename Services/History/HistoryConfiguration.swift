import ServiceKit

/// What History is told.
struct HistoryConfiguration: ServiceConfiguration {
    let common: CommonConfiguration
    let databaseURL: String
    /// Of replicas of that database.
    let readURLs: [String]
    /// Characters of a message.
    let messages: MessageRules
    /// How many batches of messages may be on their way to the database at once.
    let appendLanes: Int
    /// How long a sender may recall a message.
    let recallWindow: Duration
    /// How long chatrooms keep what is said in them that were told nothing else; `nil`: for ever.
    let retention: Duration?
    /// How often it is looked for what is kept no longer.
    let retentionInterval: Duration
    #if DEBUG
        let drillFault: DrillFault
    #endif

    init(_ keys: ConfigurationKeys) {
        self.common = CommonConfiguration(keys)
        self.databaseURL = keys.database("HISTORY_DATABASE_URL", "the PostgreSQL database with the schema history")
        self.readURLs = keys.list(
            "HISTORY_READ_URLS", default: [],
            "libpq URLs of its streaming replicas, from which is read while they are not behind: pages, chat lists, searches, exports"
        )
        if !self.readURLs.allSatisfy({ $0.hasPrefix("postgresql://") || $0.hasPrefix("postgres://") }) {
            keys.problem("HISTORY_READ_URLS", "is not valid; it takes: libpq URLs, with commas")
        }
        self.messages = MessageRules(
            maxCharacters: keys.int(
                "HISTORY_MAX_MESSAGE_CHARACTERS", default: 4_000, in: 1...60_000, "the most characters of a message"))
        self.appendLanes = keys.int(
            "HISTORY_APPEND_LANES", default: 4, in: 1...64,
            "how many batches of messages are written at once; a chatroom always takes the same lane")
        self.recallWindow = keys.duration(
            "HISTORY_RECALL_WINDOW", default: .seconds(120),
            "how long after sending one may recall one's own message; owners and admins always may")
        let retention = keys.duration(
            "HISTORY_RETENTION", default: .zero,
            "how long chatrooms keep what is said, unless told otherwise one by one; 0s: for ever")
        self.retention = retention > .zero ? retention : nil
        self.retentionInterval = keys.duration(
            "HISTORY_RETENTION_INTERVAL", default: .seconds(60),
            "how often it is looked for what is kept no longer")
        #if DEBUG
            self.drillFault = DrillFault(keys)
        #endif
    }
}
