import ChatAPI
import Hummingbird
import Logging
import Postgres
import ServiceKit
import ServiceKitPostgres

/// What people send besides words: files, kept once for each content, readable by the members of their chatroom.
@main struct MediaService {
    static let migrations = [
        Migration(name: "m001_files", sql: PackageResources.m001_files_sql),
        Migration(name: "m002_releases", sql: PackageResources.m002_releases_sql),
        Migration(name: "m003_sweeping", sql: PackageResources.m003_sweeping_sql),
    ]

    static func main() async {
        await ServiceProcess.run(
            .media, MediaConfiguration.self,
            migrations: .database(\.databaseURL, schema: "media", Self.migrations), Self.application)
    }

    static func application(_ configuration: MediaConfiguration) throws -> ServiceApplication {
        let logger = Logger(label: "media")
        var database = try PostgresConfiguration(url: configuration.databaseURL)
        database.name = "media"
        return try Self.application(configuration, postgres: Postgres(database, logger: logger))
    }

    /// - Parameter tokens: what access tokens are checked by; filled by Auth's feed as soon as the application runs.
    static func application(
        _ configuration: MediaConfiguration, postgres: Postgres, tokens: TokenVerifier = TokenVerifier()
    ) throws -> ServiceApplication {
        let common = configuration.common
        let logger = Logger(label: "media")
        let auth = common.client(of: .auth, logger: logger)
        var application = ServiceApplication(
            common, tokens: tokens, renewal: TokenRenewal(auth: auth),
            // An upload takes what its line takes; one that stands still is closed by the listener.
            requestTimeout: { $0.uri.path.hasSuffix("/uploads") ? .seconds(3600) : .seconds(30) })
        let authFeed = AuthFeed(auth: auth, tokens: tokens, logger: logger)
        application.add(postgres, authFeed)
        application.report { [directory = configuration.directory] status in
            status.feeds.append(authFeed.status)
            if let disk = try? Disk.space(at: directory) { status.disks.append(disk) }
        }
        application.migrate(postgres, schema: "media", Self.migrations)
        application.readyWhen("PostgreSQL") { postgres.isReady }

        let blobs = try BlobStore(directory: configuration.directory)
        try blobs.removePartialFiles()
        application.add(Sweeper(store: SweepStore(postgres: postgres), blobs: blobs, logger: logger))
        let memberships = MembershipClient(social: application.client(of: .social))
        let files = FileStore(postgres: postgres, quota: configuration.quota)
        application.routes.group("api/media").addRoutes(OpenAPIDocument(PackageResources.openapi_json).routes)
        application.routes.group("api/media/uploads", context: AuthenticatedContext.self)
            .addRoutes(
                UploadRoutes(
                    files: files, memberships: memberships,
                    uploader: Uploader(blobs: blobs, limits: configuration.limits)
                ).routes)
        application.routes.group("api/media/files", context: AuthenticatedContext.self)
            .addRoutes(FileRoutes(files: files, memberships: memberships, blobs: blobs).routes)
        application.internalRoutes.group("internal/media", context: InternalContext.self)
            .addRoutes(InternalRoutes(files: files, memberships: memberships).routes)
        return application
    }
}
