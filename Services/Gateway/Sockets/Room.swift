import NIOCore
import Synchronization

/// Sockets that hear the same events.
///
/// Its members live in one part per event loop. A broadcast is one job per loop that has members; broadcasts made by
/// one thread arrive everywhere in their order.
///
/// `@unchecked Sendable`: everything here is constant. The parts are not `Sendable`, but each is touched only within
/// ``onEachLoop(_:)``, ``join(_:held:)`` and ``leave(_:)``, which do so on the part's own loop, and each of its methods
/// asserts that; the one thing read from elsewhere, how many members it has, is atomic.
package final class Room: @unchecked Sendable {
    package let name: String
    private let parts: [LoopRoom]

    init(name: String, eventLoops: [any EventLoop]) {
        self.name = name
        self.parts = eventLoops.map(LoopRoom.init)
    }

    /// How many sockets are in it, over all loops, as of now.
    package var memberCount: Int { self.parts.reduce(0) { $0 + $1.count.load(ordering: .sequentiallyConsistent) } }

    /// On the socket's loop. `held`: what is broadcast waits for ``Membership/release(after:)``. Joining twice changes
    /// nothing and gives the membership there is; only an accepted
    /// socket that is not gone joins: else `nil`.
    @discardableResult
    package func join(_ socket: Socket, held: Bool = false) -> Membership? {
        socket.eventLoop.assertInEventLoop()
        guard socket.isConnected, let part = self.part(of: socket) else { return nil }
        if let membership = socket.memberships[ObjectIdentifier(self)] { return membership }
        let membership = Membership(room: self, socket: socket, held: held)
        socket.memberships[ObjectIdentifier(self)] = membership
        part.add(membership)
        return membership
    }

    /// On the socket's loop.
    package func leave(_ socket: Socket) {
        socket.eventLoop.assertInEventLoop()
        if let membership = socket.memberships.removeValue(forKey: ObjectIdentifier(self)) { self.remove(membership) }
    }

    /// The socket's place here, on its loop.
    package func membership(of socket: Socket) -> Membership? {
        socket.eventLoop.assertInEventLoop()
        return socket.memberships[ObjectIdentifier(self)]
    }

    func remove(_ membership: Membership) { self.part(of: membership.socket)?.remove(membership) }
    func rerouted(_ membership: Membership) { self.part(of: membership.socket)?.rerouted(membership) }

    /// From any thread. `position` is what ``Membership/release(after:)`` compares; without one a held event is always
    /// released. `except` are ids of sockets.
    package func broadcast(_ event: EncodedEvent, position: Int64? = nil, except: Set<String> = []) {
        self.onEachLoop { $0.broadcast(event, position: position, except: except) }
    }

    /// Runs `body` on each loop that has members, in order with broadcasts made by this thread.
    package func onEachLoop(_ body: @escaping @Sendable (LoopRoom) -> Void) {
        for (index, part) in self.parts.enumerated() where part.count.load(ordering: .sequentiallyConsistent) > 0 {
            part.eventLoop.execute { body(self.parts[index]) }
        }
    }

    private func part(of socket: Socket) -> LoopRoom? { self.parts.first { $0.eventLoop === socket.eventLoop } }
}

/// The members of a room on one event loop; used there only.
package final class LoopRoom {
    private struct Place {
        let membership: Membership
        /// The member's transport, for the way most deliveries take: past every object between the room and it, each of
        /// which would have to come into the processor's cache. `nil` while there is another way.
        var webSocket: WebSocketHandler?
    }

    package let eventLoop: any EventLoop
    private var places: [Place] = []
    let count = Atomic<Int>(0)

    init(eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    package var memberships: [Membership] { self.places.map(\.membership) }

    /// Gives `event` to the members here, those that are held keeping it for later.
    package func broadcast(_ event: EncodedEvent, position: Int64? = nil, except: Set<String> = []) {
        self.eventLoop.assertInEventLoop()
        let isPlain = !event.isVolatile && event.others.isEmpty && except.isEmpty
        // Backwards: a member that turns out too slow leaves, and the last one takes its place.
        var index = self.places.count
        while index > 0 {
            index -= 1
            guard index < self.places.count else { continue }
            if isPlain, let webSocket = self.places[index].webSocket {
                webSocket.send(event.first.frame)
            } else {
                let membership = self.places[index].membership
                if !except.isEmpty, except.contains(membership.socket.id) { continue }
                membership.deliver(event, position: position)
            }
        }
    }

    func add(_ membership: Membership) {
        self.eventLoop.assertInEventLoop()
        membership.slot = self.places.count
        self.places.append(Place(membership: membership, webSocket: membership.directTransport))
        self.count.store(self.places.count, ordering: .sequentiallyConsistent)
    }

    /// How the member is reached is another way now.
    func rerouted(_ membership: Membership) {
        self.eventLoop.assertInEventLoop()
        guard self.has(membership) else { return }
        self.places[membership.slot].webSocket = membership.directTransport
    }

    private func has(_ membership: Membership) -> Bool {
        membership.slot < self.places.count && self.places[membership.slot].membership === membership
    }

    func remove(_ membership: Membership) {
        self.eventLoop.assertInEventLoop()
        guard self.has(membership) else { return }
        let last = self.places.removeLast()
        if last.membership !== membership {
            self.places[membership.slot] = last
            last.membership.slot = membership.slot
        }
        self.count.store(self.places.count, ordering: .sequentiallyConsistent)
    }
}

/// A socket's place in a room, on the socket's loop.
package final class Membership {
    package let room: Room
    package let socket: Socket
    /// What came while it was held; `nil` once released.
    private var held: [(event: EncodedEvent, position: Int64?)]?
    private var heldBytes = 0
    /// Where the room's part keeps it.
    fileprivate var slot = 0

    fileprivate init(room: Room, socket: Socket, held: Bool) {
        self.room = room
        self.socket = socket
        self.held = held ? [] : nil
    }

    package var isHeld: Bool { self.held != nil }
    /// Where frames go at once; `nil` while they are held or polled for.
    fileprivate var directTransport: WebSocketHandler? { self.held == nil ? self.socket.webSocket : nil }

    fileprivate func deliver(_ event: EncodedEvent, position: Int64?) {
        guard self.held != nil else { return self.socket.emit(event) }
        if event.isVolatile { return }
        self.heldBytes += event.byteCount
        if self.heldBytes > self.socket.maxHeldBytes { return self.socket.close(reason: .slow) }
        self.held?.append((event, position))
    }

    /// Sends what was held and lies above `position` (or has none), in order; what comes then is sent at once.
    package func release(after position: Int64) {
        self.socket.eventLoop.assertInEventLoop()
        guard let held = self.held else { return }
        self.held = nil
        self.heldBytes = 0
        for (event, at) in held where at ?? .max > position { self.socket.emit(event) }
        self.room.rerouted(self)
    }
}

@available(*, unavailable)
extension LoopRoom: Sendable {}
@available(*, unavailable)
extension Membership: Sendable {}
