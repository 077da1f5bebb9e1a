import ChatAPI
import Foundation
import IOThread
import NIOCore
import ServiceKit

/// All clients of one worker process and what they count; on the process's I/O thread.
final class Worker {
    /// How many connections are begun in one turn of the thread, so that what arrives is read in between.
    private static let batch = 64
    private static let patience: UInt64 = 20_000_000_000
    /// How many messages one tick sends at most: who is behind must still receive.
    private static let burst = 2_000

    private struct Traffic {
        var from: UInt64
        var until: UInt64
        var perSecond: Double
        var measureFrom: UInt64
        var churn: Double
        /// Messages and departures so far.
        var messages = 0
        var departures = 0
    }

    let plan: WorkerPlan
    let handshake = ByteBuffer(
        string: """
            GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: loadtest\r\nConnection: Upgrade\r\n\
            Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n
            """)
    let pong = ClientFrame.encode("3")
    var counts = Counts()
    private let thread = IOThread.shared
    /// What all sockets read into, one after the other.
    private var buffer = ByteBufferAllocator().buffer(capacity: 65_536)
    /// Looked up once: a storm is not to wait for names.
    private let addresses: [Target: SocketAddress]
    private let report: (WorkerReport) -> Void
    private var clients: [ChatClient] = []
    private var delivery = Histogram()
    private var acknowledgement = Histogram()
    private var entrance = Histogram()
    private var heads: [ChatroomID: Seq] = [:]
    private var enteredAt: UInt64 = 0
    private var deliveredAt: UInt64 = 0
    private var traffic: Traffic?
    /// Whether clients that lose their connection come back.
    private var isOpen = false
    private var isAwaitingAll = false
    /// How many sockets there are.
    private var sockets = 0
    /// Whose turn it is to send.
    private var turn = 0
    private var told = 0

    init(_ plan: WorkerPlan, report: @escaping (WorkerReport) -> Void) throws {
        self.plan = plan
        self.report = report
        self.addresses = try Dictionary(
            uniqueKeysWithValues: Set(plan.targets).map {
                ($0, try SocketAddress.makeAddressResolvingHost($0.host, port: $0.port))
            })
        let signer = try Secret(plan.secret).signer
        let now = Timestamp.now
        let expiresAt = Timestamp(milliseconds: now.milliseconds + plan.tokenLife * 1_000)
        self.clients = try (plan.first..<plan.first + plan.count).map { index in
            let chatroom = ChatroomID(Int64(index % plan.chatrooms + 1))
            let user = Crowd.user(index / plan.chatrooms, in: chatroom)
            let token = try signer.sign(
                TokenClaims(user: user, session: UUID(), issuedAt: now, expiresAt: expiresAt))
            return ChatClient(user: user, chatroom: chatroom, index: index, token: token, worker: self)
        }
        self.every(.seconds(1)) { self.sweep() }
        self.every(.milliseconds(500)) { self.report(.progress(self.currentCounts)) }
    }

    /// For as long as the process lives.
    private func every(_ pause: Duration, _ body: @escaping () -> Void) {
        self.thread.schedule(after: pause) {
            body()
            self.every(pause, body)
        }
    }

    var now: UInt64 { NIODeadline.now().uptimeNanoseconds }

    private var currentCounts: Counts {
        var counts = self.counts
        counts.pending = self.clients.reduce(0) { $0 + $1.pending.count }
        return counts
    }

    /// For people, on standard error; the first few times.
    func tell(_ text: String) {
        self.told += 1
        if self.told <= 5 { FileHandle.standardError.write(Data("worker \(self.plan.index): \(text)\n".utf8)) }
    }

    // MARK: Orders

    func handle(_ message: WorkerCommandMessage) {
        switch message {
        case .prepare: break
        case .connect(let time): self.at(time) { self.connectAll(from: time) }
        case .traffic(let from, let until, let perSecond, let measureFrom, let churn):
            self.traffic = Traffic(
                from: from, until: until, perSecond: perSecond, measureFrom: measureFrom, churn: churn)
            self.at(from) { self.tick() }
        case .stopTraffic: self.traffic?.until = self.now
        case .disconnect:
            self.isOpen = false
            for client in self.clients { client.leave() }
            if self.sockets == 0 { self.report(.disconnected) }
        case .finish:
            self.report(
                .finished(
                    WorkerResults(
                        counts: self.currentCounts, delivery: self.delivery, acknowledgement: self.acknowledgement,
                        entrance: self.entrance, heads: self.heads, enteredAt: self.enteredAt,
                        deliveredAt: self.deliveredAt)))
        case .check(let heads):
            let lost = self.clients.reduce(0) { lost, client in
                lost + client.lost(upTo: heads[client.chatroom] ?? 0)
            }
            self.report(.checked(lost: lost))
        }
    }

    private func at(_ time: UInt64, _ body: @escaping () -> Void) {
        let now = self.now
        self.thread.schedule(after: .nanoseconds(time > now ? time - now : 0), handler: body)
    }

    // MARK: Connections

    private func connectAll(from start: UInt64) {
        self.isOpen = true
        self.isAwaitingAll = true
        self.connect(next: 0, from: start)
    }

    private func connect(next: Int, from start: UInt64) {
        guard self.isOpen, next < self.clients.count else { return }
        let rate = self.plan.connectionsPerSecond
        let due = rate == 0 ? self.clients.count : Int(Double(self.now - start) / 1e9 * rate) + 1
        let end = min(next + Self.batch, due, self.clients.count)
        if next < end { for client in self.clients[next..<end] { client.come(at: self.now) } }
        if end == due {
            self.at(self.now + 5_000_000) { self.connect(next: max(next, end), from: start) }
        } else {
            self.thread.schedule(after: .zero) { self.connect(next: max(next, end), from: start) }
        }
    }

    /// `nil`: it failed at once.
    func open(_ client: ChatClient) -> ClientSocket? {
        self.counts.attempts += 1
        let target = self.plan.target(of: client.index, attempt: client.attemptsInAll)
        guard let address = self.addresses[target] else { return nil }
        let source = self.plan.sources > 0 ? Self.source(client.index % self.plan.sources) : nil
        return ClientSocket(client, to: address, from: source, worker: self)
    }

    func opened() { self.sockets += 1 }

    func closed() {
        self.sockets -= 1
        if self.sockets == 0, !self.isOpen { self.report(.disconnected) }
    }

    /// What the kernel has: none at the end, `nil` where there is nothing yet. The bytes are there until the next call.
    func receive(from descriptor: Int32) -> ByteBuffer? {
        self.buffer.clear()
        var isEmpty = false
        self.buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 0) { bytes in
            let count = recv(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_DONTWAIT))
            isEmpty = count < 0 && (errno == EAGAIN || errno == EINTR)
            return max(0, count)
        }
        return isEmpty ? nil : self.buffer
    }

    /// 127.0.0.2 and up.
    static func source(_ number: Int) -> SocketAddress? {
        let place = number + 2
        return try? SocketAddress(
            ipAddress: "127.\(place >> 16 & 0xFF).\(place >> 8 & 0xFF).\(place & 0xFF)", port: 0)
    }

    func comeBack(_ client: ChatClient, after pause: Duration) {
        self.thread.schedule(after: pause) {
            if self.isOpen { client.attempt(at: self.now) }
        }
    }

    func entered(_ client: ChatClient, after time: UInt64) {
        self.counts.ready += 1
        self.enteredAt = self.now
        self.entrance.record(nanoseconds: time)
        if self.isAwaitingAll, self.counts.ready == self.clients.count {
            self.isAwaitingAll = false
            self.report(.entered(at: self.now))
        }
    }

    private func sweep() {
        let now = self.now
        for client in self.clients {
            client.sendOverdueAgain()
            let isComing = client.state == .connecting || client.state == .entering
            if isComing, now > client.attemptedAt + Self.patience { client.timeOut() }
        }
    }

    // MARK: Messages

    private func tick() {
        guard var traffic = self.traffic else { return }
        let now = self.now
        for _ in 0..<Self.burst where traffic.perSecond > 0 {
            let offset = Double(traffic.messages * self.plan.workers + self.plan.index) / traffic.perSecond
            let due = traffic.from + UInt64(offset * 1e9)
            guard due <= now, due < traffic.until else { break }
            traffic.messages += 1
            self.sendNext(dueAt: due)
        }
        self.traffic = traffic
        self.depart(now: now)
        guard now < traffic.until else { return }
        // The thread's clock is of whole milliseconds, rounded up.
        self.thread.schedule(after: .microseconds(100)) { self.tick() }
    }

    private func sendNext(dueAt due: UInt64) {
        guard let client = self.nextReady() else {
            self.counts.unsendable += 1
            return
        }
        self.counts.sent += 1
        client.send(dueAt: due)
    }

    private func nextReady() -> ChatClient? {
        for _ in 0..<self.clients.count {
            let client = self.clients[self.turn]
            self.turn = (self.turn + 1) % self.clients.count
            if client.state == .ready, self.plan.isTalker(client.index) { return client }
        }
        return nil
    }

    /// Some go, and come back at once.
    private func depart(now: UInt64) {
        guard let traffic = self.traffic, traffic.churn > 0, now > traffic.from else { return }
        let due = Int(Double(now - traffic.from) / 1e9 * traffic.churn)
        while (self.traffic?.departures ?? due) < due {
            self.traffic?.departures += 1
            guard let client = self.clients.randomElement(), client.state == .ready else { continue }
            client.leave()
            client.come(at: now)
        }
    }

    private func isMeasured(_ time: UInt64) -> Bool {
        guard let traffic = self.traffic else { return false }
        return time >= traffic.measureFrom && time < traffic.until
    }

    func delivered(to client: ChatClient, sentAt: UInt64?) {
        let now = self.now
        self.counts.delivered += 1
        self.deliveredAt = now
        guard let sentAt else { return }
        if self.isMeasured(now) {
            self.counts.measuredDelivered += 1
            if !self.plan.isTalker(client.index) { self.counts.measuredHeard += 1 }
        }
        if self.isMeasured(sentAt) { self.delivery.record(nanoseconds: now > sentAt ? now - sentAt : 0) }
    }

    func acknowledged(sentAt: UInt64, seq: Seq, in chatroom: ChatroomID) {
        self.counts.acknowledged += 1
        self.heads[chatroom] = max(self.heads[chatroom] ?? 0, seq)
        let now = self.now
        if self.isMeasured(now) { self.counts.measuredAcknowledged += 1 }
        if self.isMeasured(sentAt) { self.acknowledgement.record(nanoseconds: now > sentAt ? now - sentAt : 0) }
    }

    func refused(_ code: String) { self.counts.refusals[code, default: 0] += 1 }
}

@available(*, unavailable)
extension Worker: Sendable {}
