import ChatAPI
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Redis
import ServiceKit
import Synchronization
import Testing

@testable import Social

/// Stands in for Auth and History on one internal listener: Auth knows everybody up to id 9,999, as `user<id>`, with the
/// friend code `code<id>`.
final class StandIns: Sendable {
    let lookups = Mutex<[LookupUsers]>([])
    let waits = Mutex<[AwaitFeed]>([])
    /// Of those who have another privacy than the usual.
    let privacy = Mutex<[UserID: Privacy]>([:])
    /// What each sees as whatever message they ask for.
    let seen = Mutex<[UserID: SeenMessage]>([:])
    /// When everybody's account was made.
    let since = Mutex(Timestamp(milliseconds: 0))
    /// Whether History answers at all.
    let historyIsThere = Atomic(true)

    static func profile(_ id: UserID) -> Profile {
        Profile(id: id, username: "user\(id)", nickname: "Nick \(id)")
    }

    private var router: Router<ServiceContext> {
        let router = Router(context: ServiceContext.self)
        router.post("internal/users/lookup") { request, context -> LookupUsers.Answer in
            let asked = try await request.decode(as: LookupUsers.self, context: context)
            self.lookups.withLock { $0.append(asked) }
            let named = (asked.usernames ?? []).compactMap {
                $0.hasPrefix("user") ? UserID(String($0.dropFirst(4))) : nil
            }
            let users = (asked.ids + named).filter { $0.rawValue < 10_000 }.map(Self.profile)
            let privacy = self.privacy.withLock { privacy in
                users.compactMap { user in privacy[user.id].map { UserPrivacy(user: user.id, privacy: $0) } }
            }
            return LookupUsers.Answer(position: 1, users: users, privacy: privacy)
        }
        router.post("internal/friend-requests/judge") { request, context -> JudgeFriendRequest.Answer in
            let wish = try await request.decode(as: JudgeFriendRequest.self, context: context)
            let welcome: JudgeFriendRequest.Welcome =
                switch self.privacy.withLock({ $0[wish.to] ?? .usual }).requests {
                case .anyone: .anyone
                case .sharesChatroom: .sharesChatroom
                case .code: wish.code == "code\(wish.to)" ? .anyone : .nobody
                case .nobody: .nobody
                }
            return JudgeFriendRequest.Answer(welcome: welcome, senderSince: self.since.withLock { $0 })
        }
        router.post("internal/messages/seen") { request, context -> Response in
            let asked = try await request.decode(as: LookupSeenMessage.self, context: context)
            let answer = LookupSeenMessage.Answer(message: self.seen.withLock { $0[asked.userId] })
            return try context.responseEncoder.encode(answer, from: request, context: context)
        }
        router.post("internal/caught-up") { request, context -> AwaitFeed.Answer in
            let asked = try await request.decode(as: AwaitFeed.self, context: context)
            self.waits.withLock { $0.append(asked) }
            guard self.historyIsThere.load(ordering: .relaxed) else { throw RequestError.unavailable }
            return AwaitFeed.Answer(position: asked.position)
        }
        return router
    }

    /// Runs the listener while `body` does its work with its URL.
    func run(_ body: (String) async throws -> Void) async throws {
        let (ports, continuation) = AsyncStream<Int>.makeStream()
        let application = Application(
            router: self.router, configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in continuation.yield(channel.localAddress?.port ?? 0) },
            logger: Logger(label: "stand-ins", factory: { _ in SwiftLogNoOpLogHandler() }))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await application.run() }
            for await port in ports.prefix(1) { try await body("http://127.0.0.1:\(port)") }
            group.cancelAll()
        }
    }
}

/// Social's public and internal routes on a database of its own, beside ``StandIns``.
struct SocialClient: Sendable {
    let client: any TestClientProtocol
    let signer: TokenSigner
    let database: SocialDatabase
    /// The internal listener, where both are called.
    var inside: (any TestClientProtocol)?

    struct Answer {
        var status: HTTPResponse.Status
        var headers: HTTPFields
        var bytes: [UInt8]

        var text: String { String(decoding: self.bytes, as: UTF8.self) }
        var code: String? { try? self.decode(ErrorBody.self).code }

        func decode<Body: Decodable>(_ type: Body.Type = Body.self) throws -> Body {
            try JSONDecoder().decode(Body.self, from: Data(self.bytes))
        }
    }

    /// Calls as somebody, with the body's JSON as text.
    func call(
        _ method: HTTPRequest.Method, _ path: String, as user: UserID?, _ body: String? = nil, headers: HTTPFields = [:]
    ) async throws -> Answer {
        var headers = headers
        if let user {
            let now = Timestamp.now.milliseconds
            let claims = TokenClaims(
                user: user, session: UUID(), issuedAt: Timestamp(milliseconds: now),
                expiresAt: Timestamp(milliseconds: now + 600_000))
            headers[.authorization] = "Bearer \(try self.signer.sign(claims))"
        }
        return try await self.execute(method, "/api/social" + path, headers, body)
    }

    func execute(
        _ method: HTTPRequest.Method, _ uri: String, _ headers: HTTPFields, _ body: String?, inside: Bool = false
    ) async throws -> Answer {
        var headers = headers
        if body != nil { headers[.contentType] = "application/json" }
        return try await (inside ? self.inside ?? self.client : self.client).execute(
            uri: uri, method: method, headers: headers, body: body.map { ByteBuffer(string: $0) }
        ) { response in
            Answer(status: response.status, headers: response.headers, bytes: Array(buffer: response.body))
        }
    }

    /// Makes two people friends by the calls they would make.
    func befriend(_ one: UserID, _ other: UserID) async throws {
        let asked = try await self.call(.post, "/friend-requests", as: one, #"{"userId":\#(other)}"#)
        try #require(asked.status == .created)
        let id = try asked.decode(FriendRequest.self).id
        try #require(try await self.call(.post, "/friend-requests/\(id)/agree", as: other).status == .ok)
    }

    /// Makes a group by the call its owner would make.
    func group(_ name: String, owner: UserID, members: [UserID] = []) async throws -> Chatroom {
        let body = #"{"name":"\#(name)","memberIds":[\#(members.map(\.description).joined(separator: ","))]}"#
        let made = try await self.call(.post, "/chatrooms", as: owner, body)
        try #require(made.status == .created)
        return try made.decode()
    }
}

/// Runs `body` against Social's routes; Redis is not there where no URL is given, and nothing but presence needs it.
func withSocialRoutes(
    _ environment: [String: String] = [:], listener: SocialListener = .public,
    redis redisURL: String = "redis://127.0.0.1:1",
    _ body: @escaping @Sendable (SocialClient, StandIns) async throws -> Void
) async throws {
    let standIns = StandIns()
    let signer = TokenSigner(kid: "test")
    let tokens = TokenVerifier()
    try tokens.load(jwks: try JSONWebKeySet(keys: [signer.publicKey]).text, revoked: [])
    let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    try await standIns.run { url in
        try await withSocial { social in
            let usual = [
                "TEAHOUSE_MODE": "local", "SOCIAL_DATABASE_URL": "postgresql://", "AUTH_URLS": url, "HISTORY_URLS": url,
            ]
            let keys = ConfigurationKeys(service: "social", environment: usual.merging(environment) { $1 })
            let application = SocialService.application(
                SocialConfiguration(keys), postgres: social.postgres,
                redis: try Redis(urls: [redisURL], logger: logger), tokens: tokens)
            switch listener {
            case .public:
                try await application.publicListener.test(.router) { client in
                    try await body(SocialClient(client: client, signer: signer, database: social), standIns)
                }
            case .internal:
                try await application.internalListener.test(.router) { client in
                    try await body(SocialClient(client: client, signer: signer, database: social), standIns)
                }
            case .both:
                let inside = application.internalListener
                try await application.publicListener.test(.router) { client in
                    try await inside.test(.router) { inside in
                        try await body(
                            SocialClient(client: client, signer: signer, database: social, inside: inside), standIns)
                    }
                }
            }
        }
    }
}

enum SocialListener {
    case `public`, `internal`, both
}
