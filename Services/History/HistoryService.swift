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

    init(_ configuration: HistoryConfiguration, logger: Logger) throws {
        var writing = try PostgresConfiguration(url: configuration.databaseURL)
        writing.name = "history_writing"
        writing.connections = configuration.appendLanes
        writing.pipelineDepth = 1
        // A sender waits 10 s for an acknowledgement; the Gateway's call ends before that, and this before the call.
        writing.queueTimeout = .seconds(3)
        writing.statementTimeout = .seconds(4)
        var reading = try PostgresConfiguration(url: configuration.databaseURL)
        reading.name = "history_reading"
        reading.connections = 4
        reading.pipelineDepth = 8
        reading.queueTimeout = .seconds(3)
        var searching = reading
        searching.name = "history_searching"
        searching.connections = 3
        searching.pipelineDepth = 1
        self.writing = Postgres(writing, logger: logger)
        self.reading = Postgres(reading, logger: logger)
        self.searching = Postgres(searching, logger: logger)
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
    let profiles: ProfileCache
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

    init(
        _ configuration: HistoryConfiguration, databases: HistoryDatabases, redis: Redis,
        tokens: TokenVerifier = TokenVerifier(), logger: Logger
    ) {
        func client(of service: ServiceName) -> ServiceClient {
            configuration.common.client(of: service, logger: logger)
        }
        let auth = client(of: .auth)
        let social = client(of: .social)
        let media = client(of: .media)
        let profiles = ProfileCache(auth: auth, logger: logger)
        let publisher = EntryPublisher(redis: redis, profiles: profiles, logger: logger)
        let entries = EntryStore(postgres: databases.writing)
        self.configuration = configuration
        self.databases = databases
        self.redis = redis
        self.tokens = tokens
        self.auth = auth
        self.social = social
        self.profiles = profiles
        self.publisher = publisher
        self.heads = HeadStore(postgres: databases.reading)
        self.ranges = RangeStore(postgres: databases.reading)
        self.authFeed = AuthFeed(
            auth: auth, tokens: tokens, logger: logger, onProfile: { profiles.apply($0, at: $1) },
            onRestart: { profiles.clear() })
        self.socialFeed = SocialFeed(
            social: social, memberships: MembershipStore(postgres: databases.reading),
            publisher: publisher, logger: logger)
        let sound = BatchWriter(entries: entries, publisher: publisher, logger: logger)
        #if DEBUG
            let writer = sound.planting(configuration.drillFault, heads: self.heads)
        #else
            let writer = sound
        #endif
        self.appender = MessageAppender(
            writer: writer, media: MediaClient(client: media), feed: self.socialFeed, lanes: configuration.appendLanes,
            rules: configuration.messages, logger: logger)
        self.releaser = MediaReleaser(postgres: databases.reading, media: media, logger: logger)
        self.changer = MessageChanger(
            changes: ChangeStore(postgres: databases.writing, recallWindow: configuration.recallWindow),
            publisher: publisher, releaser: self.releaser)
        self.beacon = Beacon(heads: self.heads, redis: redis, logger: logger)
        self.readAnnouncer = ReadAnnouncer(redis: redis, logger: logger)
        self.indexer = SearchIndexer(index: SearchIndexStore(postgres: databases.searching), logger: logger)
        self.retentions = RetentionStore(postgres: databases.searching, usual: configuration.retention)
        self.sweeper = RetentionSweeper(
            store: self.retentions, releaser: self.releaser, interval: configuration.retentionInterval, logger: logger)
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
                    chatList: ChatListStore(postgres: self.databases.reading),
                    pages: PageStore(postgres: self.databases.reading),
                    cursors: cursors, marker: marker, profiles: self.profiles
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
                    search: SearchStore(postgres: self.databases.searching), profiles: self.profiles
                ).routes, atPath: "search"
            )
            .addRoutes(
                ExportRoutes(
                    export: ExportStore(postgres: self.databases.searching),
                    favorites: FavoriteStore(postgres: self.databases.searching), profiles: self.profiles,
                    social: SocialClient(client: self.social)
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
