import ChatAPI
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Postgres
import ServiceKit
import Synchronization
import TestServers

@testable import Media

extension UserID {
    static let alice = UserID(1)
    static let bob = UserID(2)
    static let mallory = UserID(3)
}

extension ChatroomID {
    static let lobby = ChatroomID(10)
    static let kitchen = ChatroomID(11)
}

/// Media on a real database and a real folder, with a stand-in for Social on a port of its own.
struct MediaFixture: Sendable {
    /// Who is where, as Social would say; tests change it.
    final class Social: Sendable {
        let members = Mutex<[ChatroomID: Set<UserID>]>([.lobby: [.alice, .bob], .kitchen: [.bob, .mallory]])
    }

    /// What messages are stored with a file, as History would say; tests change it. `nil`: it does not answer.
    final class History: Sendable {
        let carriers = Mutex<Set<ReleaseMedia.Item>?>([])
    }

    let social: Social
    let history: History
    let directory: String
    let signer: TokenSigner
    let `public`: any ApplicationProtocol
    let `internal`: any ApplicationProtocol
    let memberships: ServiceClient
    let sweeper: Sweeper
    let parts: MediaParts
    /// By which the parts judge how long a membership is believed.
    let clock: Moved

    func headers(_ user: UserID, _ more: HTTPFields = [:]) throws -> HTTPFields {
        let now = Timestamp.now
        let claims = TokenClaims(
            user: user, session: UUID(), issuedAt: now, expiresAt: Timestamp(milliseconds: now.milliseconds + 60_000))
        var headers = more
        headers[.authorization] = "Bearer \(try self.signer.sign(claims))"
        return headers
    }

    /// The files under the folder, whole and partial.
    func stored() -> (blobs: [String], partial: [String]) {
        (self.files("/blobs"), self.files("/partial") + self.files("/uploads"))
    }

    /// The files under one of its folders.
    func files(_ folder: String) -> [String] {
        let all = FileManager.default.enumerator(atPath: self.directory + folder)?.compactMap { $0 as? String } ?? []
        return all.filter { name in
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: "\(self.directory)\(folder)/\(name)", isDirectory: &isFolder)
            return !isFolder.boolValue
        }
    }
}

/// Runs a test with Media put together as in `MediaService`, and everything gone afterwards.
func withMedia(
    limits: UploadLimits = UploadLimits(), quota: Int = 1 << 30, _ environment: [String: String] = [:],
    _ test: @Sendable (MediaFixture) async throws -> Void
) async throws {
    let social = MediaFixture.Social()
    let historyStand = MediaFixture.History()
    let stand = ServiceApplication(
        CommonConfiguration(testing: .social), tokens: TokenVerifier(), metrics: PrometheusMetrics(), logger: .tests)
    stand.internalRoutes.group("internal", context: InternalContext.self).post("memberships") { request, context in
        let body = try await request.decode(as: LookupMemberships.self, context: context)
        let members = social.members.withLock { $0 }
        return LookupMemberships.Answer(
            epoch: UUID(), position: 0,
            users: body.userIds.map { user in
                UserMemberships(
                    id: user,
                    chatrooms: members.filter { $0.value.contains(user) }.map { Membership(id: $0.key, role: .member) })
            })
    }
    stand.internalRoutes.group("internal", context: InternalContext.self).post("media-carriers") { request, context in
        let body = try await request.decode(as: LookupCarriers.self, context: context)
        guard let carriers = historyStand.carriers.withLock({ $0 }) else { throw RequestError.unavailable }
        return LookupCarriers.Answer(messages: body.messages.filter { carriers.contains($0) })
    }
    let directory = FileManager.default.temporaryDirectory.appending(path: "media-\(UUID())").path()
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try await stand.internalListener.test(.live) { client in
        try await withPostgres(schema: "media", migrations: MediaService.migrations) { postgres in
            let signer = TokenSigner(kid: "test")
            let tokens = TokenVerifier()
            try tokens.load(jwks: JSONWebKeySet(keys: [signer.publicKey]).text, revoked: [])
            let keys = ConfigurationKeys(
                service: "media",
                environment: [
                    "TEAHOUSE_MODE": "local", "MEDIA_DATABASE_URL": "postgresql://unused", "MEDIA_DIRECTORY": directory,
                    "SOCIAL_URLS": "http://127.0.0.1:\(client.port ?? 0)", "MEDIA_QUOTA": "\(quota)",
                    "HISTORY_URLS": "http://127.0.0.1:\(client.port ?? 0)",
                    "MEDIA_MAX_FILE_BYTES": "\(limits.fileBytes)", "MEDIA_MAX_IMAGE_BYTES": "\(limits.imageBytes)",
                ].merging(environment) { $1 })
            let configuration = MediaConfiguration(keys)
            let application = try MediaService.application(configuration, postgres: postgres, tokens: tokens)
            let clock = Moved()
            let parts = try MediaParts(
                configuration, postgres: postgres,
                memberships: MembershipClient(social: application.client(of: .social), now: { clock.value }))
            let history = HistoryClient(client: application.client(of: .history))
            try await test(
                MediaFixture(
                    social: social, history: historyStand, directory: directory, signer: signer,
                    public: application.publicListener, internal: application.internalListener,
                    memberships: application.client(of: .social),
                    sweeper: parts.sweeper(history: history, logger: .tests), parts: parts, clock: clock))
        }
    }
}

extension TestResponse {
    var bytes: [UInt8] { Array(buffer: self.body) }

    func decode<T: Decodable>(_ type: T.Type = T.self) throws -> T {
        try JSONDecoder().decode(type, from: Data(self.body.readableBytesView))
    }
}

extension LookupCarriers.Answer: ResponseEncodable {}

enum TestPort {
    /// One that nobody listens on.
    static func free() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, length) == 0 && getsockname(descriptor, pointer, &length) == 0
            }
        }
        guard isBound else { throw ChannelError.operationUnsupported }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
