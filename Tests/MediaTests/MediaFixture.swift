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

    let social: Social
    let directory: String
    let signer: TokenSigner
    let `public`: any ApplicationProtocol
    let `internal`: any ApplicationProtocol
    let memberships: ServiceClient
    let sweeper: Sweeper

    func headers(_ user: UserID, _ more: HTTPFields = [:]) throws -> HTTPFields {
        let now = Timestamp.now
        let claims = TokenClaims(
            user: user, session: UUID(), issuedAt: now, expiresAt: Timestamp(milliseconds: now.milliseconds + 60_000))
        var headers = more
        headers[.authorization] = "Bearer \(try self.signer.sign(claims))"
        return headers
    }

    /// The files under the folder, whole and partial.
    func stored() -> (blobs: [String], partial: [String]) { (self.files("/blobs"), self.files("/partial")) }

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
    limits: UploadLimits = UploadLimits(), quota: Int = 1 << 30, _ test: @Sendable (MediaFixture) async throws -> Void
) async throws {
    let social = MediaFixture.Social()
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
                    "MEDIA_MAX_FILE_BYTES": "\(limits.fileBytes)", "MEDIA_MAX_IMAGE_BYTES": "\(limits.imageBytes)",
                ])
            let application = try MediaService.application(MediaConfiguration(keys), postgres: postgres, tokens: tokens)
            let sweeper = Sweeper(
                store: SweepStore(postgres: postgres), blobs: try BlobStore(directory: directory), logger: .tests)
            try await test(
                MediaFixture(
                    social: social, directory: directory, signer: signer, public: application.publicListener,
                    internal: application.internalListener, memberships: application.client(of: .social),
                    sweeper: sweeper))
        }
    }
}

extension TestResponse {
    var bytes: [UInt8] { Array(buffer: self.body) }

    func decode<T: Decodable>(_ type: T.Type = T.self) throws -> T {
        try JSONDecoder().decode(type, from: Data(self.body.readableBytesView))
    }
}
