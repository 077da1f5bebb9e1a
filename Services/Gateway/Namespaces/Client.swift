import ChatAPI
import Foundation
import NIOCore
import ServiceKit
import Sockets

/// One person on one socket: in which rooms they are, and what waits for that. On the socket's loop.
///
/// What suspends is a *flow* (entering, joining again, catching up). A client's flows go one after the other, so that no
/// two replay into one room at a time.
final class Client {
    /// How many events may wait for `ready`, and for how long: each is acknowledged within ten seconds.
    private static var maxEarlyEvents: Int { 16 }
    private static var earlyPatience: Duration { .seconds(9) }
    /// In which the patience with a flooding client is whole again.
    private static var patienceTime: Duration { .seconds(10) }
    /// Bytes of a replay that are written at once; several of them fit into what may wait for one connection.
    private static var replayPortion: Int { 128 * 1024 }
    /// Thirty days in milliseconds: tokens live shorter, and a timer can count so far.
    private static var longestWait: Int64 { 30 * 86_400_000 }

    let user: UserID
    private(set) var claims: TokenClaims
    private(set) var token: String
    /// How the token of CONNECT came; one of the cookie is never told to the page.
    let carrier: Credentials.Carrier
    private unowned let socket: Socket
    private let namespace: ChatNamespace
    /// Of the logs it was told of; `nil` before it has joined any.
    private var epoch: UUID?
    private var memberships: [ChatroomID: Sockets.Membership] = [:]
    /// Left by `leaveRoom`, and whether the user is a member there, as far as is known. They are not heard until
    /// `joinRoom`, whatever becomes of the membership meanwhile: what came unasked would cross the answer to `joinRoom`, and
    /// be told twice.
    private var declined: [ChatroomID: Bool] = [:]
    private var early: [SocketEvent] = []
    private var flows: [BackgroundTasks.Work] = []
    private var isFlowing = false
    private var isRefreshWanted = false
    private var draining: [(Bool) -> Void] = []
    /// When `ready` must have been sent.
    private var readyBy: NIODeadline?
    /// When the token is to be renewed, or ends.
    private var tokenDue: NIODeadline?
    private var isRenewing = false
    /// Empty once too many events were refused for their rate.
    private var patience: TokenBucket
    private(set) var isReady = false
    private(set) var isGone = false

    init(
        claims: TokenClaims, token: String, carrier: Credentials.Carrier, socket: Socket, namespace: ChatNamespace
    ) {
        self.user = claims.user
        self.claims = claims
        self.token = token
        self.carrier = carrier
        self.socket = socket
        self.namespace = namespace
        let refusals = namespace.maxRefusedEvents
        self.patience = TokenBucket(
            perSecond: Double(refusals) / (Self.patienceTime / .seconds(1)), burst: refusals, now: .now)
        self.watchToken(renewingIn: self.untilRenewal)
    }

    var reference: SocketReference { self.socket.reference }

    // MARK: Life

    /// Begins the first flow; without ``announceReady(_:)`` within `limit` the transport is closed, so that the client comes
    /// back.
    func begin(within limit: Duration, _ entrance: @escaping BackgroundTasks.Work) {
        self.readyBy = .now() + TimeAmount(limit)
        self.setAlarm()
        self.flow(entrance)
    }

    /// Sends `ready`, which comes in time with that: how long its replay takes is the client's own doing.
    func announceReady(_ text: String) {
        self.readyBy = nil
        self.emit(text)
    }

    /// `ready` has been sent, and what it replays: what waited is handled now.
    func becomeReady() {
        self.isReady = true
        let early = self.early
        self.early = []
        for event in early { self.namespace.handle(event, of: self) }
    }

    /// Whether the event may wait for `ready`.
    func keepEarly(_ event: SocketEvent) -> Bool {
        guard self.early.count < Self.maxEarlyEvents else { return false }
        if self.early.isEmpty {
            let reference = self.reference
            self.socket.eventLoop.scheduleTask(in: TimeAmount(Self.earlyPatience)) {
                reference.execute { ($0.context as? Client)?.giveUpEarly() }
            }
        }
        self.early.append(event)
        return true
    }

    private func giveUpEarly() {
        let early = self.early
        self.early = []
        for event in early { event.refuse(RequestError.unavailable.body) }
    }

    /// The socket is gone, and out of its rooms already.
    func end() {
        self.isGone = true
        self.namespace.delivery.release(self.memberships.mapValues(\.room), on: self.socket.eventLoop)
        self.memberships = [:]
        self.early = []
        self.flows = []
        let draining = self.draining
        self.draining = []
        for waiter in draining { waiter(false) }
    }

    /// Unless what it was told is of this epoch: it is closed some time within `duration`, so that not all come back at
    /// once. What comes of the new epoch meanwhile is not for it: its cursors are of the old one.
    func leave(unlessOf epoch: UUID, within duration: Duration) {
        guard let mine = self.epoch, mine != epoch else { return }
        let reference = self.reference
        self.socket.eventLoop.scheduleTask(in: TimeAmount(duration * Double.random(in: 0...1))) {
            reference.execute { ($0.context as? Client)?.close(saying: ByeEvent(reason: .replaced, retryAfter: 0)) }
        }
    }

    // MARK: Time

    private func setAlarm() {
        self.socket.alarm = self.readyBy.map { min($0, self.tokenDue ?? $0) } ?? self.tokenDue
    }

    /// Some time has come that the socket's alarm was set to.
    func alarm(at now: NIODeadline) {
        if let readyBy = self.readyBy, readyBy <= now { return self.close() }
        if let tokenDue = self.tokenDue, tokenDue <= now { return self.tokenIsDue() }
        self.setAlarm()
    }

    /// Says why, and closes the transport; never `41`, after which stock clients would stay away.
    func close(saying bye: ByeEvent? = nil) {
        guard !self.isGone else { return }
        if let bye { self.socket.emit(EventText.make("bye", bye)) }
        self.socket.close()
    }

    /// An event was refused for its rate. Whoever goes on regardless costs more than they are worth.
    func refusedTurn() {
        if self.patience.take(at: .now) != nil { self.close(saying: ByeEvent(reason: .slow, retryAfter: 1)) }
    }

    // MARK: The token

    /// A newer token, from the client or from Auth. The socket goes on without a reconnect.
    func renew(_ token: String, _ claims: TokenClaims) {
        guard !self.isGone else { return }
        self.token = token
        self.claims = claims
        self.watchToken(renewingIn: self.untilRenewal)
    }

    /// Renewed by Auth: told in band where that is of use.
    func renewed(_ result: TokenRenewals.Outcome) {
        self.isRenewing = false
        switch result {
        case .token(let token, let claims):
            self.renew(token, claims)
            if self.carrier != .cookie { self.emit(EventText.make("token", TokenEvent(token: token))) }
        case .never: self.watchToken(renewingIn: .milliseconds(Self.longestWait))
        case .later(let pause): self.watchToken(renewingIn: pause)
        }
    }

    /// Zero or less when it is due. A part is left to chance: tokens of one storm must not all be renewed at once.
    private var untilRenewal: Duration {
        let after = self.namespace.renewals.after
        let age = Duration.milliseconds(Timestamp.now.milliseconds - self.claims.issuedAt.milliseconds)
        return after * Double.random(in: 1...1.05) - age
    }

    /// One timer for the renewal and for the end of the token, whichever is first.
    private func watchToken(renewingIn renewal: Duration) {
        guard !self.isGone else { return }
        let left = self.claims.expiresAt.milliseconds - Timestamp.now.milliseconds
        let wait = min(left, Int64(renewal / .milliseconds(1)), Self.longestWait)
        self.tokenDue = .now() + .milliseconds(max(0, wait))
        self.setAlarm()
    }

    private func tokenIsDue() {
        guard self.claims.expiresAt.milliseconds > Timestamp.now.milliseconds else {
            return self.close(saying: ByeEvent(reason: .tokenExpires, retryAfter: 0))
        }
        if !self.isRenewing {
            self.isRenewing = true
            self.namespace.renewals.renew(self.token) { [reference = self.reference] outcome in
                reference.execute { ($0.context as? Client)?.renewed(outcome) }
            }
        }
        // Whatever becomes of that, the token has its end.
        self.watchToken(renewingIn: .milliseconds(Self.longestWait))
    }

    // MARK: Flows

    /// After the flows there are.
    func flow(_ work: @escaping BackgroundTasks.Work) {
        guard !self.isGone else { return }
        self.flows.append(work)
        self.flowOn()
    }

    /// Memberships may have changed: joins and leaves what History's views say, soon and once.
    func refreshSoon() {
        guard !self.isRefreshWanted, !self.isGone else { return }
        self.isRefreshWanted = true
        let (reference, entrance, user) = (self.reference, self.namespace.entrance, self.user)
        self.flow {
            // What is wanted from now on is another refresh: the views asked for now may be older.
            _ = await reference.ask { $0.isRefreshWanted = false }
            await entrance.refresh(reference, user)
        }
    }

    private func flowOn() {
        guard !self.isFlowing, !self.flows.isEmpty else { return }
        self.isFlowing = true
        let work = self.flows.removeFirst()
        let reference = self.reference
        self.namespace.tasks.start(on: self.socket.eventLoop) {
            await work()
            reference.execute { socket in
                guard let client = socket.context as? Client else { return }
                client.isFlowing = false
                client.flowOn()
            }
        }
    }

    // MARK: Rooms

    /// Those it hears.
    var chatrooms: Set<ChatroomID> { Set(self.memberships.keys) }

    /// Whether the user is in the chatroom as far as is known here, heard on this socket or not.
    func isMember(of chatroom: ChatroomID) -> Bool {
        self.memberships[chatroom] != nil || self.declined[chatroom] == true
    }

    /// Hears a chatroom no more, also if the user should come into it later.
    ///
    /// - Returns: `false` where too many are declined already.
    func decline(_ chatroom: ChatroomID) -> Bool {
        let isMember = self.isMember(of: chatroom)
        guard self.declined[chatroom] != nil || self.declined.count < self.namespace.maxCursors else { return false }
        self.leave(chatroom)
        self.declined[chatroom] = isMember
        return true
    }

    /// Would hear a chatroom again, if it may.
    func wish(for chatroom: ChatroomID) { self.declined[chatroom] = nil }

    /// The user is a member of these, and of no others.
    ///
    /// - Returns: those of them that are to be joined.
    func keep(_ chatrooms: Set<ChatroomID>) -> Set<ChatroomID> {
        for id in self.memberships.keys where !chatrooms.contains(id) { self.leave(id) }
        for id in self.declined.keys { self.declined[id] = chatrooms.contains(id) }
        return chatrooms.filter { self.memberships[$0] == nil && self.declined[$0] == nil }
    }

    /// Each room held; where the client is in already, it leaves and joins anew, to be replayed to.
    ///
    /// - Returns: `false`, and nothing happens, where it was told of logs of another epoch.
    func join(_ rooms: [ChatroomID: Room], of epoch: UUID) -> Bool {
        guard self.epoch ?? epoch == epoch else { return false }
        self.epoch = epoch
        for (id, room) in rooms {
            self.leave(id)
            self.declined[id] = nil
            self.memberships[id] = room.join(self.socket, held: true)
        }
        return true
    }

    /// Is no member any more, or about to join anew.
    func leave(_ chatroom: ChatroomID) {
        guard let membership = self.memberships.removeValue(forKey: chatroom) else { return }
        membership.room.leave(self.socket)
        self.namespace.delivery.release([chatroom: membership.room], on: self.socket.eventLoop)
    }

    /// What was held and lies above `seq` follows now; the room is live.
    func release(_ chatroom: ChatroomID, after seq: Seq) { self.memberships[chatroom]?.release(after: seq) }

    func emit(_ event: EncodedEvent) { self.socket.emit(event) }

    func emit(_ text: String) { self.socket.emit(text) }

    /// Emits as fast as the socket takes it, a portion at a time: a long replay is not to be what makes a client too slow.
    /// Calls back as ``whenDrained(_:)`` does.
    func emit(_ events: ArraySlice<EncodedEvent>, then body: @escaping (Bool) -> Void) {
        var (rest, bytes) = (events, 0)
        while bytes < Self.replayPortion, let event = rest.popFirst() {
            bytes += event.byteCount
            self.emit(event)
        }
        self.whenDrained { [weak self] isThere in
            guard isThere, !rest.isEmpty, let self else { return body(isThere) }
            self.emit(rest, then: body)
        }
    }

    /// Calls back once little waits for the socket (`true`), or it is gone (`false`).
    func whenDrained(_ body: @escaping (Bool) -> Void) {
        guard !self.isGone else { return body(false) }
        self.draining.append(body)
        self.socket.whenWritable { [weak self] in
            guard let self else { return }
            let draining = self.draining
            self.draining = []
            for waiter in draining { waiter(true) }
        }
    }
}

@available(*, unavailable)
extension Client: Sendable {}
