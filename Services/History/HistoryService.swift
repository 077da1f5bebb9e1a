import ChatAPI
import Hummingbird
import Logging
import Postgres
import Redis
import ServiceKit
import ServiceKitPostgres

/// What was said: the log of every chatroom, who may read which part of it, and what everybody has read and kept.
@main struct HistoryService {
    static let migrations = [
        Migration(name: "m001_log", sql: PackageResources.m001_log_sql),
        Migration(name: "m002_changes", sql: PackageResources.m002_changes_sql),
        Migration(name: "m003_search", sql: PackageResources.m003_search_sql),
        Migration(name: "m004_search_terms", sql: PackageResources.m004_search_terms_sql),
        Migration(name: "m005_retention", sql: PackageResources.m005_retention_sql),
        Migration(name: "m006_replicas", sql: PackageResources.m006_replicas_sql),
        Migration(name: "m007_terms_plan", sql: PackageResources.m007_terms_plan_sql),
    ]

    static func main() async {
        await ServiceProcess.run(
            .history, HistoryConfiguration.self,
            migrations: .database(\.databaseURL, schema: "history", Self.migrations), Self.application)
    }

    static func application(_ configuration: HistoryConfiguration) throws -> ServiceApplication {
        let logger = Logger(label: "history")
        let parts = HistoryParts(
            configuration, databases: try HistoryDatabases(configuration, logger: logger),
            redis: try Redis(urls: configuration.common.redisURLs, logger: logger), logger: logger)
        // What others hint at on the bus.
        parts.redis.listen { [authFeed = parts.authFeed, socialFeed = parts.socialFeed] message in
            guard let position = Int64(String(decoding: message.payload, as: UTF8.self)) else { return }
            if message.channel == BusChannel.authChanges { authFeed.poke(position) } else { socialFeed.poke(position) }
        }
        parts.redis.subscribe([BusChannel.authChanges, BusChannel.socialChanges]) { _ in }

        var application = parts.application
        application.add(
            parts.databases.reading, parts.databases.writing, parts.databases.searching, parts.redis, parts.authFeed)
        for replica in parts.databases.replicas { application.add(replica) }
        application.migrate(parts.databases.reading, schema: "history", Self.migrations)
        application.add(
            parts.socialFeed, parts.beacon, parts.releaser, parts.indexer, parts.readAnnouncer, parts.sweeper)
        return application
    }
}

/// Connections to the one database, by what they are used for.
struct HistoryDatabases: Sendable {
    /// For appending: a batch has its connection to itself, since it may wait for a lock.
    let writing: Postgres
    /// For everything else.
    let reading: Postgres
    /// For what may take longer, the search and its index: nobody else waits behind it.
    let searching: Postgres
    /// Of replicas, beside ``reading`` and beside ``searching``.
    private let readingReplicas: [Postgres]
    private let searchingReplicas: [Postgres]

    init(_ configuration: HistoryConfiguration, logger: Logger) throws {
        var writing = try PostgresConfiguration(url: configuration.databaseURL)
        writing.name = "history_writing"
        writing.connections = configuration.appendLanes
        writing.pipelineDepth = 1
        writing.usesGenericPlans = true
        writing.prefersIndexes = true
        // A sender waits 10 s for an acknowledgement; the Gateway's call ends before that, and this before the call.
        writing.queueTimeout = .seconds(3)
        writing.statementTimeout = .seconds(4)
        var reading = try PostgresConfiguration(url: configuration.databaseURL)
        reading.name = "history_reading"
        reading.connections = 4
        reading.pipelineDepth = 8
        reading.usesGenericPlans = true
        reading.queueTimeout = .seconds(3)
        var searching = reading
        searching.name = "history_searching"
        searching.connections = 3
        searching.pipelineDepth = 1
        self.writing = Postgres(writing, logger: logger)
        self.reading = Postgres(reading, logger: logger)
        self.searching = Postgres(searching, logger: logger)
        // One that does not answer is soon given up, as the primary can.
        self.readingReplicas = try Self.replicas(
            configuration.readURLs, like: reading, statementTimeout: .seconds(1), logger: logger)
        self.searchingReplicas = try Self.replicas(
            configuration.readURLs, like: searching, statementTimeout: .seconds(3), logger: logger)
    }

    var replicas: [Postgres] { self.readingReplicas + self.searchingReplicas }

    /// For pages and chat lists.
    func reader(logger: Logger) -> LogReading {
        LogReading(
            primary: self.reading, replicas: ReadReplicas(self.readingReplicas, of: self.reading, logger: logger))
    }

    /// For searches and exports.
    func searcher(logger: Logger) -> LogReading {
        LogReading(
            primary: self.searching, replicas: ReadReplicas(self.searchingReplicas, of: self.reading, logger: logger))
    }

    private static func replicas(
        _ urls: [String], like primary: PostgresConfiguration, statementTimeout: Duration, logger: Logger
    ) throws -> [Postgres] {
        try urls.enumerated().map { index, url in
            var configuration = try PostgresConfiguration(url: url)
            configuration.name = "\(primary.name)_replica\(index + 1)"
            configuration.connections = primary.connections
            configuration.pipelineDepth = primary.pipelineDepth
            configuration.usesGenericPlans = primary.usesGenericPlans
            configuration.queueTimeout = .milliseconds(200)
            configuration.statementTimeout = statementTimeout
            configuration.answerGrace = .milliseconds(250)
            return Postgres(configuration, logger: logger)
        }
    }
}

/// What History is made of, between its database and its listeners.
struct HistoryParts: Sendable {
    let configuration: HistoryConfiguration
    let databases: HistoryDatabases
    let redis: Redis
    /// Checks access tokens; filled by Auth's feed.
    let tokens: TokenVerifier
    let auth: ServiceClient
    let social: ServiceClient
    let media: MediaClient
    let profiles: ProfileCache
    let receipts: ReceiptCache
    let heads: HeadStore
    let ranges: RangeStore
    let appender: MessageAppender
    let changer: MessageChanger
    let publisher: EntryPublisher
    let releaser: MediaReleaser
    let authFeed: AuthFeed
    let socialFeed: SocialFeed
    let beacon: Beacon
    let indexer: SearchIndexer
    let readAnnouncer: ReadAnnouncer
    let retentions: RetentionStore
    let sweeper: RetentionSweeper
    let reader: LogReading
    let searcher: LogReading

    init(
        _ configuration: HistoryConfiguration, databases: HistoryDatabases, redis: Redis,
        tokens: TokenVerifier = TokenVerifier(), logger: Logger
    ) {
        func client(of service: ServiceName) -> ServiceClient {
            configuration.common.client(of: service, logger: logger)
        }
        let auth = client(of: .auth)
        let social = client(of: .social)
        let media = MediaClient(client: client(of: .media))
        let profiles = ProfileCache(auth: auth, logger: logger)
        let receipts = ReceiptCache(auth: auth, logger: logger)
        let publisher = EntryPublisher(redis: redis, profiles: profiles, logger: logger)
        let entries = EntryStore(postgres: databases.writing)
        self.configuration = configuration
        self.databases = databases
        self.redis = redis
        self.tokens = tokens
        self.auth = auth
        self.social = social
        self.media = media
        self.profiles = profiles
        self.publisher = publisher
        self.receipts = receipts
        self.heads = HeadStore(postgres: databases.reading)
        self.ranges = RangeStore(postgres: databases.reading)
        self.authFeed = AuthFeed(
            auth: auth, tokens: tokens, logger: logger, onProfile: { profiles.apply($0, at: $1) },
            onPrivacy: { receipts.apply($0, at: $1) },
            onRestart: {
                profiles.clear()
                receipts.clear()
            })
        let memberships = MembershipStore(postgres: databases.reading)
        #if DEBUG
            let applying = memberships.planting(configuration.drillFault)
        #else
            let applying = memberships
        #endif
        self.socialFeed = SocialFeed(
            social: social, memberships: applying, publisher: publisher, logger: logger)
        let sound = BatchWriter(entries: entries, publisher: publisher, logger: logger)
        #if DEBUG
            let writer = sound.planting(configuration.drillFault, heads: self.heads)
        #else
            let writer = sound
        #endif
        self.appender = MessageAppender(
            writer: writer, media: media, feed: self.socialFeed, lanes: configuration.appendLanes,
            rules: configuration.messages, logger: logger)
        self.releaser = MediaReleaser(postgres: databases.reading, media: media.client, logger: logger)
        self.changer = MessageChanger(
            changes: ChangeStore(postgres: databases.writing, recallWindow: configuration.recallWindow),
            publisher: publisher, releaser: self.releaser)
        self.beacon = Beacon(heads: self.heads, redis: redis, logger: logger)
        self.readAnnouncer = ReadAnnouncer(redis: redis, receipts: receipts, logger: logger)
        self.indexer = SearchIndexer(
            index: SearchIndexStore(postgres: databases.searching), logger: logger,
            isBusy: { [appender] in appender.isBusy })
        self.retentions = RetentionStore(postgres: databases.searching, usual: configuration.retention)
        self.sweeper = RetentionSweeper(
            store: self.retentions, releaser: self.releaser, interval: configuration.retentionInterval, logger: logger)
        self.reader = databases.reader(logger: logger)
        self.searcher = databases.searcher(logger: logger)
    }

    /// Both listeners with their routes; what runs beside them is not added yet.
    var application: ServiceApplication {
        let cursors = ReadCursorStore(postgres: self.databases.reading)
        let marker = ReadMarker(cursors: cursors, announcer: self.readAnnouncer)
        let application = ServiceApplication(
            self.configuration.common, tokens: self.tokens, renewal: TokenRenewal(auth: self.auth))
        application.readyWhen("PostgreSQL") { [databases] in databases.reading.isReady && databases.writing.isReady }
        application.routes.group("api/history").addRoutes(OpenAPIDocument(PackageResources.openapi_json).routes)
        application.routes.group("api/history", context: AuthenticatedContext.self)
            .addRoutes(
                ChatroomRoutes(
                    chatList: ChatListStore(postgres: self.reader),
                    pages: PageStore(postgres: self.reader),
                    cursors: cursors, marker: marker, profiles: self.profiles, receipts: self.receipts
                ).routes, atPath: "chatrooms"
            )
            .addRoutes(
                ChangeRoutes(
                    changer: self.changer, profiles: self.profiles, rules: self.configuration.messages
                ).routes, atPath: "chatrooms"
            )
            .addRoutes(
                FavoriteRoutes(
                    favorites: FavoriteStore(postgres: self.databases.reading), profiles: self.profiles
                ).routes, atPath: "favorites"
            )
            .addRoutes(
                SearchRoutes(
                    search: SearchStore(postgres: self.searcher), profiles: self.profiles
                ).routes, atPath: "search"
            )
            .addRoutes(
                ExportRoutes(
                    export: ExportStore(postgres: self.searcher),
                    favorites: FavoriteStore(postgres: self.searcher), profiles: self.profiles,
                    social: SocialClient(client: self.social), media: self.media
                ).routes, atPath: "export"
            )
            .addRoutes(
                SyncRoutes(reader: SyncReader(ranges: self.ranges), profiles: self.profiles).routes, atPath: "sync")
        application.report { [redis, authFeed, socialFeed, heads] status in
            status.redis = await redis.connected.map {
                .init(server: $0.server.description, isConnected: $0.isConnected)
            }
            let epoch = try? await heads.epoch()
            status.feeds += [authFeed.status, socialFeed.status, .init(of: "history", isSource: true, epoch: epoch)]
        }
        application.internalRoutes.group("internal", context: OperatorContext.self)
            .addRoutes(
                ExplainRoutes(
                    instance: self.configuration.common.internalAddress.description,
                    store: ExplainStore(postgres: self.databases.reading), published: self.publisher.recent
                ).routes)
        application.internalRoutes.group("internal", context: InternalContext.self)
            .addRoutes(
                InternalRoutes(
                    appender: self.appender, heads: self.heads, pages: PageStore(postgres: self.databases.reading),
                    ranges: self.ranges, profiles: self.profiles, feed: self.socialFeed, marker: marker,
                    retentions: self.retentions, carriers: CarrierStore(postgres: self.databases.reading)
                ).routes)
        return application
    }
}
