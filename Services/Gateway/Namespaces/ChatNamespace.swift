import ChatAPI
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import Redis
import ServiceKit
import Sockets

/// The namespace `/`: who may connect, and which event means what.
///
/// `Sendable`: nothing of its own changes; what belongs to a socket is in its ``Client``.
final class ChatNamespace: SocketApplication {
    let tokens: TokenVerifier
    private let origins: PublicOrigins
    private let proxies: TrustedProxies
    let people: People
    let privacies: Privacies
    let delivery: Delivery
    let entrance: Entrance
    let history: HistoryClient
    let social: SocialClient
    let auth: AuthClient
    let redis: Redis
    let tasks: BackgroundTasks
    let renewals: TokenRenewals
    let cursors: ReadCursors
    let presence: Presence
    let acknowledged = AcknowledgedMessages()
    let rules: MessageRules
    let maxEventBytes: Int
    let maxCursors: Int
    let maxRefusedEvents: Int
    let readyWithin: Duration
    let logger: Logger

    let namespaces: Set<String> = ["/"]
    let slowFarewell = EncodedEvent(EventText.make("bye", ByeEvent(reason: .slow, retryAfter: 1)))

    init(
        configuration: GatewayConfiguration, tokens: TokenVerifier, people: People, privacies: Privacies,
        delivery: Delivery, history: HistoryClient, social: SocialClient, auth: AuthClient, presence: Presence,
        redis: Redis,
        tasks: BackgroundTasks, logger: Logger
    ) {
        self.tokens = tokens
        self.origins = configuration.common.publicOrigins
        self.proxies = configuration.common.trustedProxies
        self.people = people
        self.privacies = privacies
        self.delivery = delivery
        self.entrance = Entrance(
            views: ViewLookup(social: social, history: history), history: history, delivery: delivery,
            limits: configuration.replay, node: configuration.sockets.nodeTag, logger: logger)
        self.history = history
        self.social = social
        self.auth = auth
        self.redis = redis
        self.tasks = tasks
        self.renewals = TokenRenewals(
            after: configuration.renewAfter, auth: auth, tokens: tokens, tasks: tasks, logger: logger)
        self.cursors = ReadCursors(tasks: tasks) { history.moveCursor($0, then: $1) }
        self.presence = presence
        self.rules = configuration.messages
        self.maxEventBytes = configuration.maxEventBytes
        self.maxCursors = configuration.maxCursors
        self.maxRefusedEvents = configuration.maxRefusedEvents
        self.readyWithin = configuration.readyWithin
        self.logger = logger
    }

    func admit(_ handshake: Handshake) throws(HandshakeRefusal) -> (any Visitor)? {
        // Before keys and revocations have come no token can be judged.
        guard self.tokens.isLoaded else { throw .overloaded }
        guard self.isFromOurPage(handshake) else { throw .forbidden("Origin not allowed") }
        return HandshakeToken(handshake)
    }

    /// A cookie comes along whoever makes the browser call. Browsers name the page with every WebSocket handshake; with a
    /// polling one from the same origin they do not, and what is answered to others they cannot read.
    private func isFromOurPage(_ handshake: Handshake) -> Bool {
        guard TokenCookie.token(in: handshake.headers["cookie"]) != nil else { return true }
        let origins = handshake.headers["origin"]
        if origins.isEmpty { return !handshake.isWebSocket }
        let isSecure = self.proxies.isSecure(
            peer: handshake.remoteAddress?.ipAddress ?? "",
            forwardedProto: handshake.headers.first(name: "x-forwarded-proto"))
        let host = handshake.headers.first(name: "host")
        return origins.count == 1 && self.origins.allows(origins[0], host: host, isSecure: isSecure)
    }

    /// CONNECT is answered at once, or in a moment with the `ready` that follows: python clients give up after a second.
    func connect(_ socket: Socket, auth: ByteBuffer) {
        do {
            let payload = try ConnectPayload.read(auth, maxCursors: self.maxCursors)
            let brought = socket.visitor as? HandshakeToken
            guard let token = payload.token ?? brought?.text else { throw RequestError.unauthenticated }
            let claims = try self.tokens.verify(token)
            guard let room = self.people.arrive(claims.user) else { throw RequestError.forbidden }
            self.presence.arrived(claims.user)
            self.privacies.arrived(claims.user, on: socket.id)
            let client = Client(
                claims: claims, token: token, carrier: payload.token == nil ? brought?.carrier ?? .header : .header,
                socket: socket, namespace: self)
            socket.context = client
            socket.accept(lingers: true)
            room.join(socket)
            self.people.everyone?.join(socket)
            // Revoked after the check and before the room was joined, nobody would tell it.
            guard !self.tokens.isRevoked(claims.session) else {
                return client.close(saying: ByeEvent(reason: .revoked, retryAfter: 0))
            }
            let arrival = Entrance.Arrival(
                user: claims.user, session: claims.session, cursors: payload.cursors ?? [:], epoch: payload.epoch)
            client.begin(within: self.readyWithin) { [entrance, reference = socket.reference] in
                await entrance.enter(reference, arrival)
            }
        } catch let error as RequestError {
            socket.refuse(message: error.message, data: EventText.json(error.body))
        } catch {
            socket.close()
        }
    }

    func receive(_ event: SocketEvent, from socket: Socket) {
        guard let client = socket.context as? Client else { return }
        if let wait = self.people.takeTurn(client.user) {
            let seconds = Int((wait / .seconds(1)).rounded(.up))
            event.refuse(RequestError.tooManyRequests(retryAfter: max(1, seconds)).body)
            return client.refusedTurn()
        }
        guard event.arguments.reduce(0, { $0 + $1.readableBytes }) <= self.maxEventBytes else {
            return event.refuse(RequestError.tooLarge.body)
        }
        if client.isReady { return self.handle(event, of: client) }
        if !client.keepEarly(event) { event.refuse(RequestError.tooManyRequests(retryAfter: 1).body) }
    }

    func alarm(_ socket: Socket) { (socket.context as? Client)?.alarm(at: .now()) }

    func disconnect(_ socket: Socket, reason: DisconnectReason) {
        guard let client = socket.context as? Client else { return }
        client.end()
        self.people.depart(client.user)
        self.presence.departed(client.user)
        self.privacies.departed(client.user, from: socket.id)
    }

    /// The table of events.
    func handle(_ event: SocketEvent, of client: Client) {
        do {
            switch event.name {
            case "sendMessage": try self.sendMessage(event, client)
            case "joinRoom": try self.joinRoom(event, client)
            case "leaveRoom": try self.leaveRoom(event, client)
            case "sync": try self.sync(event, client)
            case "read": try self.read(event, client)
            case "typing": try self.typing(event, client)
            case "renew": try self.renew(event, client)
            default: throw GatewayError.unknownEvent
            }
        } catch {
            event.fail(error, logger: self.logger)
        }
    }

    /// Confirms with Social what is not known here: whoever has just come into a chatroom is not refused.
    ///
    /// - Throws: ``GatewayError/chatroomNotFound``.
    func confirm(_ user: UserID, isIn chatroom: ChatroomID) async throws {
        let memberships = try await self.social.memberships(of: user)
        guard memberships.contains(chatroom) else { throw GatewayError.chatroomNotFound }
        try await self.history.catchUp(to: memberships.position)
    }
}
