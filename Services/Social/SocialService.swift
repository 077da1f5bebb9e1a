import ChatAPI
import Hummingbird
import Logging
import Postgres
import Redis
import ServiceKit
import ServiceKitPostgres

/// Who knows whom, and who is in which chatroom: friends, requests, blocks, chatrooms, members, and the feed of their
/// changes.
@main struct SocialService {
    static let migrations = [
        ChangeFeed.social.migration,
        Migration(name: "m001_people", sql: PackageResources.m001_people_sql),
        Migration(name: "m002_chatrooms", sql: PackageResources.m002_chatrooms_sql),
        Migration(name: "m003_deletions", sql: PackageResources.m003_deletions_sql),
        Migration(name: "m004_invites", sql: PackageResources.m004_invites_sql),
        Migration(name: "m005_presence", sql: PackageResources.m005_presence_sql),
        Migration(name: "m006_reports", sql: PackageResources.m006_reports_sql),
        Migration(name: "m007_upkeep", sql: PackageResources.m007_upkeep_sql),
    ]

    static func main() async {
        await ServiceProcess.run(
            .social, SocialConfiguration.self,
            migrations: .database(\.database, schema: "social", Self.migrations), Self.application(_:))
    }

    static func application(_ configuration: SocialConfiguration) throws -> ServiceApplication {
        let logger = Logger(label: "social")
        var database = try PostgresConfiguration(url: configuration.database)
        database.name = "social"
        // Every change here is a transaction of several statements.
        database.exclusiveConnections = 8
        return Self.application(
            configuration, postgres: Postgres(database, logger: logger),
            redis: try Redis(urls: configuration.common.redisURLs, logger: logger))
    }

    /// - Parameter tokens: what access tokens are checked by; filled by Auth's feed as soon as the application runs.
    static func application(
        _ configuration: SocialConfiguration, postgres: Postgres, redis: Redis, tokens: TokenVerifier = TokenVerifier()
    ) -> ServiceApplication {
        let auth = configuration.common.client(of: .auth, logger: Logger(label: "social"))
        var application = ServiceApplication(
            configuration.common, tokens: tokens, renewal: TokenRenewal(auth: auth))
        let logger = application.logger

        let known = ProfileCache()
        let feed = AuthFeed(
            auth: auth, tokens: tokens, logger: logger,
            onProfile: { known.note($0, at: $1) }, onPrivacy: { known.note($0, at: $1) },
            onRestart: { known.forget() })
        let history = application.client(of: .history)
        let announcer = ChangeAnnouncer(redis: redis, history: history, logger: logger)
        let deletions = DeletionFeed(auth: auth, deletions: DeletionStore(postgres: postgres), logger: logger) {
            announcer.announce($0)
        }
        redis.listen { message in
            guard let position = Int64(String(decoding: message.payload, as: UTF8.self)) else { return }
            feed.poke(position)
            deletions.poke(position)
        }
        redis.subscribe([BusChannel.authChanges]) { _ in }
        application.add(postgres, redis, feed)
        application.migrate(postgres, schema: "social", Self.migrations)
        application.add(deletions)
        application.readyWhen("PostgreSQL") { postgres.isReady }
        application.report(postgres, feed: .social)
        application.report { status in
            status.redis = await redis.connected.map {
                .init(server: $0.server.description, isConnected: $0.isConnected)
            }
            status.feeds += [feed.status, deletions.status]
        }

        let profiles = ProfileClient(auth: auth, known: known)
        let friends = FriendStore(postgres: postgres)
        let blocks = BlockStore(postgres: postgres)
        let sight = Sight(presence: PresenceReader(redis: redis, logger: logger), blocks: blocks)
        let chatrooms = ChatroomStore(postgres: postgres, maxMembers: configuration.maxMembers)
        let members = MemberStore(postgres: postgres, maxMembers: configuration.maxMembers)
        let invites = InviteStore(
            postgres: postgres, maxMembers: configuration.maxMembers, maxInvites: configuration.maxInvites)
        let requests = FriendRequestStore(postgres: postgres, rules: configuration.requests)
        application.add(
            Upkeep(
                requests: requests,
                store: UpkeepStore(
                    postgres: postgres, auditRetention: configuration.auditRetention,
                    feedRetention: configuration.feedRetention),
                interval: configuration.upkeepInterval, logger: logger
            ) { announcer.announce($0) })
        let reports = ReportStore(postgres: postgres, maxPerDay: configuration.maxReportsPerDay)
        let acquaintances = Acquaintances(friends: friends, blocks: blocks)

        application.routes.group("api/social").addRoutes(OpenAPIDocument(PackageResources.openapi_json).routes)
        application.routes.group("api/social", context: AuthenticatedContext.self)
            .addRoutes(
                FriendRoutes(friends: friends, profiles: profiles, sight: sight, announcer: announcer).routes,
                atPath: "friends"
            )
            .addRoutes(
                FriendRequestRoutes(requests: requests, profiles: profiles, announcer: announcer).routes,
                atPath: "friend-requests"
            )
            .addRoutes(BlockRoutes(blocks: blocks, profiles: profiles, announcer: announcer).routes, atPath: "blocks")
            .addRoutes(
                ChatroomRoutes(
                    chatrooms: chatrooms, members: members, acquaintances: acquaintances, profiles: profiles,
                    announcer: announcer
                ).routes, atPath: "chatrooms"
            )
            .addRoutes(
                MemberRoutes(
                    members: members, acquaintances: acquaintances, profiles: profiles, sight: sight,
                    announcer: announcer
                ).routes, atPath: "chatrooms/:id/members"
            )
            .addRoutes(
                InviteRoutes(invites: invites, chatrooms: chatrooms, profiles: profiles, announcer: announcer).routes
            )
            .addRoutes(
                ReportRoutes(reports: reports, profiles: profiles, messages: MessageClient(history: history)).routes,
                atPath: "reports")
        application.internalRoutes.group("internal", context: InternalContext.self)
            .addRoutes(
                InternalRoutes(
                    memberships: MembershipStore(postgres: postgres), friends: friends,
                    lastSeen: LastSeenStore(postgres: postgres)
                ).routes)
        application.internalRoutes.group("internal", context: OperatorContext.self)
            .addRoutes(
                OperatorRoutes(
                    reports: reports, groups: OperatorStore(postgres: postgres), announcer: announcer
                ).routes)
        return application
    }
}
