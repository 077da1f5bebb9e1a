import ChatAPI
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import ServiceKit

/// Media alone, with a PostgreSQL of its own and answers in place of Auth and Social; all of it ends with the run.
struct StartedMedia: Sendable {
    let target: Target
    let media: StartedServer
    private let postgres: StartedServer
    private let directory: URL
    private let secret: Secret

    /// Where everybody is.
    static let chatroom = ChatroomID(1)

    /// Runs `body` with Media started.
    static func with<T: Sendable>(_ options: MediaOptions, _ body: @Sendable @escaping (StartedMedia) async throws -> T)
        async throws -> T
    {
        guard FileManager.default.isExecutableFile(atPath: options.mediaBinary) else {
            throw RunError("there is no \(options.mediaBinary); swift build -c release --product Media makes it")
        }
        let directory = URL(filePath: options.directory).appending(
            path: "teahouse-loadtest-\(ProcessInfo.processInfo.processIdentifier)")
        try FileManager.default.createDirectory(
            at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        defer { try? FileManager.default.removeItem(at: directory) }
        let secret = Secret.random()
        let stub = try MediaStub(secret: secret)
        var logger = Logger(label: "stub")
        logger.logLevel = .warning
        let (ports, port) = AsyncStream<Int>.makeStream()
        let application = Application(
            router: stub.routes, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { port.yield($0.localAddress?.port ?? 0) }, logger: logger)
        return try await withThrowingTaskGroup(of: T?.self) { group in
            group.addTask {
                try await application.run()
                return nil
            }
            group.addTask {
                guard let stubPort = await ports.first(where: { _ in true }) else { return nil }
                let started = try Self.make(options, directory, secret, stubPort: stubPort)
                let result: Result<T, any Error>
                do {
                    try await started.postgres.start()
                    try await started.media.start()
                    result = .success(try await body(started))
                } catch {
                    result = .failure(error)
                }
                await started.media.end()
                await started.postgres.end()
                return try result.get()
            }
            while let result = try await group.next() {
                guard let result else { continue }
                group.cancelAll()
                return result
            }
            throw RunError("the stub has ended")
        }
    }

    private static func make(_ options: MediaOptions, _ directory: URL, _ secret: Secret, stubPort: Int) throws
        -> StartedMedia
    {
        let postgresPort = try ServerLaunch.freePort()
        let ports = (public: try ServerLaunch.freePort(), internal: try ServerLaunch.freePort())
        let postgres = ServerLaunch.postgres(port: postgresPort, cpus: options.clientCpus, in: directory)
        var environment = [
            "TEAHOUSE_MODE": "local", "SERVICE_KEYS": secret.serviceKeys,
            "MEDIA_DATABASE_URL": "postgresql://postgres@127.0.0.1:\(postgresPort)/postgres",
            "MEDIA_DIRECTORY": directory.appending(path: "media").path,
            "MEDIA_PUBLIC_ADDRESS": "127.0.0.1:\(ports.public)",
            "MEDIA_INTERNAL_ADDRESS": "127.0.0.1:\(ports.internal)",
            "AUTH_URLS": "http://127.0.0.1:\(stubPort)/auth", "SOCIAL_URLS": "http://127.0.0.1:\(stubPort)/social",
            "HISTORY_URLS": "http://127.0.0.1:\(stubPort)/history", "MEDIA_MAX_FILE_BYTES": "8GiB",
            "MEDIA_QUOTA": "8GiB",
        ]
        for pair in options.mediaEnv {
            let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
            environment[parts[0]] = parts.count > 1 ? parts[1] : ""
        }
        let media = ServerLaunch.service(
            "media", options.mediaBinary, environment: environment, internalPort: ports.internal,
            cpus: options.mediaCpus, in: directory)
        return StartedMedia(
            target: Target(host: "127.0.0.1", port: ports.public), media: media, postgres: postgres,
            directory: directory, secret: secret)
    }

    /// `Authorization` of a person.
    func authorization(of user: UserID) throws -> String {
        let now = Timestamp.now
        let claims = TokenClaims(
            user: user, session: UUID(), issuedAt: now,
            expiresAt: Timestamp(milliseconds: now.milliseconds + 3_600_000))
        return "Bearer \(try self.secret.signer.sign(claims))"
    }

    /// What it holds for itself, in bytes.
    var memory: Int {
        get async { ProcessUsage.memoryBytes(of: [await self.media.pid].compactMap(\.self)) }
    }

    /// Seconds of CPU time so far.
    var cpu: Double {
        get async { ProcessUsage.cpuSeconds(of: [await self.media.pid].compactMap(\.self)) }
    }
}

/// Auth and Social as far as Media asks them: everybody is in one chatroom.
struct MediaStub: Sendable {
    private let jwks: String
    private let epoch = UUID()

    init(secret: Secret) throws { self.jwks = try JSONWebKeySet(keys: [secret.signer.publicKey]).text }

    var routes: Router<BasicRequestContext> {
        let router = Router(context: BasicRequestContext.self)
        router.get("auth/internal/snapshot") { _, _ in
            try Self.json(AuthSnapshot(epoch: self.epoch, position: 0, jwks: self.jwks, revoked: []))
        }
        router.get("auth/internal/changes") { _, _ in
            try Self.json(Changes<AuthChange>(epoch: self.epoch, position: 0, changes: []))
        }
        router.post("social/internal/memberships") { request, context in
            let body = try await request.decode(as: LookupMemberships.self, context: context)
            return try Self.json(
                LookupMemberships.Answer(
                    epoch: self.epoch, position: 0,
                    users: body.userIds.map {
                        UserMemberships(id: $0, chatrooms: [Membership(id: StartedMedia.chatroom, role: .member)])
                    }))
        }
        return router
    }

    private static func json(_ body: some Encodable) throws -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: try JSONEncoder.teahouse.encode(body))))
    }
}
