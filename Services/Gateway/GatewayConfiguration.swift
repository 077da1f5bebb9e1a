import ChatAPI
import NIOCore
import ServiceKit
import Sockets

/// Every key of the Gateway, with its type and default.
struct GatewayConfiguration: ServiceConfiguration {
    var common: CommonConfiguration
    var eventLoops: Int
    var sockets: SocketConfiguration
    var addresses: SocketListener.Addresses
    var people: People.Limits
    var replay: ReplayPlan.Limits
    var maxCursors: Int
    var messages: MessageRules
    var maxEventBytes: Int
    var maxRefusedEvents: Int
    var readyWithin: Duration
    var renewAfter: Duration
    var presenceGrace: Duration
    var drainTime: Duration
    #if DEBUG
        var drillFault: DrillFault
    #endif

    init(_ keys: ConfigurationKeys) {
        self.common = CommonConfiguration(keys)
        self.eventLoops = keys.int(
            "GATEWAY_EVENT_LOOPS", default: System.coreCount, shown: "one per core", in: 1...256,
            "threads that serve sockets")
        let tag = keys.text(
            "GATEWAY_NODE_TAG", default: Self.randomTag(), shown: "a random one",
            "1 to 16 of a-z and 0-9, the first part of every session's id, by which an edge routes")
        if tag.utf8.count > 16 || !tag.utf8.allSatisfy({ Self.tagBytes.contains($0) }) {
            keys.problem("GATEWAY_NODE_TAG", "is not 1 to 16 of a-z and 0-9")
        }
        self.sockets = Self.sockets(keys, tag: tag)
        self.sockets.requestTimeout = self.common.clientTimeout
        self.sockets.clientAddress = { [proxies = self.common.trustedProxies] peer, forwardedFor in
            proxies.client(peer: peer, forwardedFor: forwardedFor)
        }
        self.addresses = Self.addresses(keys, public: self.common.publicAddress)
        self.people = People.Limits(
            socketsPerUser: keys.int("GATEWAY_SOCKETS_PER_USER", default: 20, "sockets of one user on this node"),
            eventsPerSecond: keys.int(
                "GATEWAY_MESSAGES_PER_SECOND", default: 20, "messages and other events of one user, in the long run"),
            burst: keys.int("GATEWAY_MESSAGE_BURST", default: 100, "messages and other events of one user at once"))
        self.replay = ReplayPlan.Limits(
            perChatroom: keys.int(
                "GATEWAY_REPLAY_PER_CHATROOM", default: 1_000,
                "entries replayed per chatroom; one further behind fills by pages"),
            perConnection: keys.int(
                "GATEWAY_REPLAY_PER_CONNECTION", default: 5_000, "entries replayed in all per CONNECT"))
        self.maxCursors = keys.int(
            "GATEWAY_MAX_CURSORS", default: 2_000,
            "chatrooms named in one CONNECT or one sync, or left by one socket; with more it is refused"
        )
        self.messages = MessageRules(
            maxCharacters: keys.int(
                "GATEWAY_MESSAGE_CHARACTERS", default: 4_000, in: 1...60_000, "the most characters of a message"))
        self.maxEventBytes = keys.bytes("GATEWAY_EVENT_BYTES", default: 64 * 1024, "arguments of one event")
        self.maxRefusedEvents = keys.int(
            "GATEWAY_MAX_REFUSED_EVENTS", default: 500,
            "events of one socket refused for their rate within ten seconds; past it the socket is closed")
        self.readyWithin = keys.duration(
            "GATEWAY_READY_WITHIN", default: .seconds(15), "a socket that is not ready by then is closed, to come back")
        self.renewAfter = keys.duration(
            "GATEWAY_RENEW_AFTER", default: TokenRenewal.usual, "the age at which a live socket's token is renewed")
        self.presenceGrace = keys.duration(
            "GATEWAY_PRESENCE_GRACE", default: PresenceLease.grace,
            "how long somebody whose last socket went is still online; the same at all nodes and at Social")
        self.drainTime = keys.duration(
            "GATEWAY_DRAIN_TIME", default: .seconds(8), "over which sockets are closed in waves after SIGTERM")
        #if DEBUG
            self.drillFault = DrillFault(keys)
        #endif
    }

    private static func sockets(_ keys: ConfigurationKeys, tag: String) -> SocketConfiguration {
        var sockets = SocketConfiguration()
        sockets.nodeTag = tag
        sockets.pingInterval = keys.duration(
            "GATEWAY_PING_INTERVAL", default: sockets.pingInterval, "between two signs of life asked of a client")
        sockets.pingTimeout = keys.duration(
            "GATEWAY_PING_TIMEOUT", default: sockets.pingTimeout, "for a client to answer one")
        sockets.connectTimeout = keys.duration(
            "GATEWAY_CONNECT_TIMEOUT", default: sockets.connectTimeout, "for a client to join after its handshake")
        sockets.attachmentTimeout = keys.duration(
            "GATEWAY_ATTACHMENT_TIMEOUT", default: sockets.attachmentTimeout,
            "for the attachments of a binary event to follow it")
        sockets.maxPayloadBytes = keys.bytes(
            "GATEWAY_MAX_PAYLOAD", default: sockets.maxPayloadBytes, "of one packet or polling body of a client")
        sockets.maxSessions = keys.int("GATEWAY_MAX_SESSIONS", default: sockets.maxSessions, "sessions alive at once")
        sockets.maxHandshakesUnderWay = keys.int(
            "GATEWAY_MAX_HANDSHAKES_UNDER_WAY", default: sockets.maxHandshakesUnderWay,
            "sessions that have not joined a namespace yet; past it 503")
        sockets.maxHandshakesPerSecond = keys.int(
            "GATEWAY_MAX_HANDSHAKES_PER_SECOND", default: sockets.maxHandshakesPerSecond, "past it 503")
        sockets.maxQueuedBytes = keys.bytes(
            "GATEWAY_MAX_QUEUED_BYTES", default: sockets.maxQueuedBytes,
            "that may wait for one slow connection before it is closed")
        sockets.maxConnections = keys.int(
            "GATEWAY_MAX_CONNECTIONS", default: sockets.maxConnections,
            "TCP connections at once; past it they are closed")
        sockets.maxHandshakesPerAddress = keys.int(
            "GATEWAY_MAX_HANDSHAKES_PER_ADDRESS", default: keys.mode == .local ? 0 : 50, in: 0...Int.max,
            "handshakes per second from one address, five times as many at once; past it 429; 0 is without limit")
        sockets.maxMemoryBytes = keys.bytes(
            "GATEWAY_MAX_MEMORY", default: sockets.maxMemoryBytes,
            "that may wait for all slow connections together before the slowest are closed")
        return sockets
    }

    private static func addresses(
        _ keys: ConfigurationKeys, public: ListenAddress
    ) -> SocketListener.Addresses {
        let forNodes = keys.address(
            "GATEWAY_FORWARD_ADDRESS", default: ListenAddress(port: 0),
            "where the other Gateways hand over requests for sessions of this one, at any free port unless told; never routed "
                + "by the edge")
        let name = "GATEWAY_NODE_ADDRESS"
        let text = keys.optionalText(
            name, "host:port by which the other Gateways reach GATEWAY_FORWARD_ADDRESS, where it is another one")
        let announced = text.flatMap(ListenAddress.init)
        if text != nil, announced == nil { keys.problem(name, "is not host:port") }
        if announced == nil, forNodes.host == "0.0.0.0" || forNodes.host == "::" {
            keys.problem(name, "is needed where GATEWAY_FORWARD_ADDRESS is every address")
        }
        return SocketListener.Addresses(public: `public`, forNodes: forNodes, announced: announced)
    }

    private static let tagBytes = Set("abcdefghijklmnopqrstuvwxyz0123456789".utf8)

    private static func randomTag() -> String {
        String(decoding: (0..<10).map { _ in Self.tagBytes.randomElement() ?? UInt8(ascii: "x") }, as: UTF8.self)
    }
}
