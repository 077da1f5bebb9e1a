import NIOCore
import NIOHTTP1

/// What a request to the server is, decided by its head alone, in the order of SOCKETIO.md §2. Pure.
struct EngineRouter {
    enum Route {
        case answer(HTTPAnswer)
        case refuse(EngineRefusal)
        /// A handshake over polling.
        case handshake(SocketMount)
        case session(SessionID, SessionMethod)
        /// A bare WebSocket, without a session.
        case plainUpgrade(any WebSocketApplication, WebSocketUpgrade)
        /// A WebSocket, of the session or to begin one.
        case upgrade(SocketMount, SessionID?, WebSocketUpgrade)
        /// For a session of another node.
        case forward(ForeignNode)
    }

    enum SessionMethod {
        case get
        case post
        /// No request of the protocol: refused once the session is known.
        case other
    }

    let context: ServerContext
    let loops: Int
    /// Whether requests come from other nodes, which have the key, and hand over nothing but what is ours.
    let servesNodes: Bool

    func route(_ head: HTTPRequestHead, _ request: EngineRequest) -> Route {
        if self.servesNodes {
            guard self.context.forwarding?.isFromNode(head) == true else { return .answer(.unauthenticated) }
            guard request.sid != nil else { return .refuse(.unknownSession) }
        }
        guard let mount = self.context.mounts.first(where: { request.isFor($0.path) })?.mount else {
            return .answer(.notFound)
        }
        let crossOrigin = self.context.configuration.crossOrigin
        if head.method == .OPTIONS, let preflight = crossOrigin.preflight(head.headers) { return .answer(preflight) }
        let isUpgrade = WebSocketUpgrade.isRequested(by: head)
        if case .webSocket(let application) = mount {
            guard isUpgrade, let upgrade = WebSocketUpgrade(head) else { return .refuse(.badRequest) }
            return .plainUpgrade(application, upgrade)
        }
        guard let transport = request.transport, transport == "polling" || transport == "websocket" else {
            return .refuse(.unknownTransport)
        }
        if let origin = head.headers.first(name: "Origin"), !origin.utf8.allSatisfy(CrossOrigin.isPrintable) {
            return .refuse(.badRequest)
        }
        if let sid = request.sid {
            guard let session = SessionID(sid, node: self.context.configuration.nodeTag, loops: self.loops) else {
                return self.owner(of: sid).map { .forward($0) } ?? .refuse(.unknownSession)
            }
            guard isUpgrade else { return .session(session, Self.method(head.method, transport: transport)) }
            guard transport == "websocket", let upgrade = WebSocketUpgrade(head) else { return .refuse(.badRequest) }
            return .upgrade(mount, session, upgrade)
        }
        guard head.method == .GET else { return .refuse(.badMethod) }
        guard isUpgrade == (transport == "websocket") else { return .refuse(.badRequest) }
        guard isUpgrade else { return .handshake(mount) }
        guard let upgrade = WebSocketUpgrade(head) else { return .refuse(.badRequest) }
        return .upgrade(mount, nil, upgrade)
    }

    /// The other node whose session it is. What one node has handed over is not handed over again.
    private func owner(of sid: String) -> ForeignNode? {
        guard !self.servesNodes, let forwarding = self.context.forwarding, let tag = SessionID.nodeTag(of: sid),
            tag != self.context.configuration.nodeTag, let address = forwarding.nodes.address(of: tag)
        else { return nil }
        return ForeignNode(tag: tag, address: address)
    }

    private static func method(_ method: HTTPMethod, transport: String) -> SessionMethod {
        guard transport == "polling" else { return .other }
        return method == .GET ? .get : method == .POST ? .post : .other
    }

    /// The last checks before a session is made: room for it, the application's policy, the version.
    ///
    /// - Returns: what the application keeps of the handshake.
    func admit(
        _ head: HTTPRequestHead, _ request: EngineRequest, to mount: SocketMount, from address: SocketAddress?,
        now: NIODeadline
    ) throws(EngineRefusal) -> (any Visitor)? {
        let isVersionKnown = request.version == "4"
        let client = { self.context.configuration.address(of: head, peer: address) }
        if isVersionKnown, let refusal = self.context.admission.refusal(now: now, address: client()) { throw refusal }
        var visitor: (any Visitor)?
        if case .sockets(let application) = mount {
            let handshake = Handshake(
                headers: head.headers, query: request.query, remoteAddress: address,
                isWebSocket: request.transport == "websocket", at: now)
            do throws(HandshakeRefusal) {
                visitor = try application.admit(handshake)
            } catch {
                throw EngineRefusal(error)
            }
        }
        guard isVersionKnown else { throw .unsupportedVersion }
        return visitor
    }
}
