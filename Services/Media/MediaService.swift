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
        Migration(name: "m004_uploads", sql: PackageResources.m004_uploads_sql),
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
            requestTimeout: { request in
                let brings = request.uri.path.hasSuffix("/uploads") || request.uri.path.hasPrefix(TusRoutes.path)
                return brings ? .seconds(3600) : .seconds(30)
            })
        let authFeed = AuthFeed(auth: auth, tokens: tokens, logger: logger)
        application.add(postgres, authFeed)
        application.report { [directory = configuration.directory] status in
            status.feeds.append(authFeed.status)
            if let disk = try? Disk.space(at: directory) { status.disks.append(disk) }
        }
        application.migrate(postgres, schema: "media", Self.migrations)
        application.readyWhen("PostgreSQL") { postgres.isReady }

        let memberships = MembershipClient(social: application.client(of: .social))
        let parts = try MediaParts(configuration, postgres: postgres, memberships: memberships)
        try parts.partial.removeAbandoned()
        application.add(
            parts.sweeper(history: HistoryClient(client: application.client(of: .history)), logger: logger))
        Self.addRoutes(to: application, parts, memberships)
        return application
    }

    private static func addRoutes(
        to application: ServiceApplication, _ parts: MediaParts, _ memberships: MembershipClient
    ) {
        let tus = TusRoutes(uploader: parts.resumable)
        application.routes.group("api/media").addRoutes(OpenAPIDocument(PackageResources.openapi_json).routes)
        application.routes.group("api/media/uploads", context: AuthenticatedContext.self)
            .addRoutes(UploadRoutes(files: parts.files, memberships: memberships, uploader: parts.uploader).routes)
        application.routes.on("api/media/tus", method: .options, use: tus.options)
        application.routes.on("api/media/tus/:id", method: .options, use: tus.options)
        application.routes.group("api/media/tus", context: AuthenticatedContext.self).addRoutes(tus.routes)
        application.routes.group("api/media/files", context: AuthenticatedContext.self)
            .addRoutes(FileRoutes(files: parts.files, memberships: memberships, blobs: parts.blobs).routes)
        application.internalRoutes.group("internal/media", context: InternalContext.self)
            .addRoutes(InternalRoutes(files: parts.files, memberships: memberships).routes)
    }
}

/// What the routes and the sweeper are made of.
struct MediaParts: Sendable {
    let uploads: UploadStore
    let files: FileStore
    let blobs: any BlobStore
    let partial: PartialFiles
    let uploader: Uploader
    let resumable: ResumableUploader

    init(_ configuration: MediaConfiguration, postgres: Postgres, memberships: MembershipClient) throws {
        self.uploads = UploadStore(postgres: postgres, quota: configuration.quota)
        self.files = FileStore(postgres: postgres, uploads: self.uploads)
        self.partial = try PartialFiles(directory: configuration.directory)
        self.blobs = try Self.store(configuration.store, partial: self.partial)
        let scanner = configuration.scanCommand.map {
            Scanner(command: $0, timeout: configuration.scanTimeout, atOnce: configuration.scansAtOnce)
        }
        let examiner = Examiner(partial: self.partial, limits: configuration.limits, scanner: scanner)
        let keeper = Keeper(files: self.files, blobs: self.blobs)
        let places = UploadPlaces(configuration.limits.atOnce)
        self.uploader = Uploader(
            partial: self.partial, examiner: examiner, places: places, uploads: self.uploads, keeper: keeper)
        self.resumable = ResumableUploader(
            uploads: self.uploads, files: self.files, memberships: memberships, partial: self.partial,
            examiner: examiner, keeper: keeper, places: places, lifetime: configuration.uploadLifetime)
    }

    private static func store(_ store: MediaConfiguration.Store, partial: PartialFiles) throws -> any BlobStore {
        switch store {
        case .s3(let location, let credentials):
            return S3Store(client: S3Client(location: location, credentials: credentials))
        case .folder(let directory):
            let disk = try DiskStore(directory: directory)
            guard try disk.isOnFileSystem(of: partial.directory) else {
                throw CannotStart("MEDIA_STORE is not on the file system of MEDIA_DIRECTORY")
            }
            return disk
        }
    }

    func sweeper(history: HistoryClient, logger: Logger) -> Sweeper {
        Sweeper(
            store: SweepStore(postgres: self.files.postgres), uploads: self.uploads, blobs: self.blobs,
            partial: self.partial, history: history, logger: logger)
    }
}
