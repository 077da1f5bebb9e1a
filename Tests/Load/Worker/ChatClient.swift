import ChatAPI
import NIOCore
import SocketIO

/// One person who comes, stays, and comes back: a Socket.IO client without a task, on its worker's I/O thread.
///
/// Keeps its delivery cursor over connections, as clients do, and sends again what was not acknowledged.
final class ChatClient {
    enum State {
        case away, connecting, entering, ready
        /// Refused for good.
        case rejected
    }

    let user: UserID
    let chatroom: ChatroomID
    let index: Int
    private let token: String
    private unowned let worker: Worker
    private(set) var state = State.away
    private var socket: ClientSocket?
    private var log: ReceivedLog?
    private var epoch = ""
    private(set) var pending = Unacknowledged()
    /// Of this coming, in nanoseconds; the first attempt counts.
    private var cameAt: UInt64 = 0
    private(set) var attemptedAt: UInt64 = 0
    private var attempts = 0
    /// Of all comings.
    private(set) var attemptsInAll = 0

    init(user: UserID, chatroom: ChatroomID, index: Int, token: String, worker: Worker) {
        self.user = user
        self.chatroom = chatroom
        self.index = index
        self.token = token
        self.worker = worker
    }

    // MARK: Coming and going

    func come(at now: UInt64) {
        guard self.state == .away else { return }
        self.cameAt = now
        self.attempts = 0
        self.attempt(at: now)
    }

    func attempt(at now: UInt64) {
        guard self.state == .away else { return }
        self.state = .connecting
        self.attemptedAt = now
        self.attempts += 1
        self.attemptsInAll += 1
        self.socket = self.worker.open(self)
        if self.socket == nil { self.failed() }
    }

    /// Closes from the client's side.
    func leave() {
        let socket = self.socket
        self.socket = nil
        if self.state == .ready { self.worker.counts.ready -= 1 }
        if self.state != .rejected { self.state = .away }
        socket?.close()
    }

    /// TCP is there: asks for the WebSocket.
    func opened(_ socket: ClientSocket) {
        guard self.socket === socket, self.state == .connecting else { return socket.close() }
        socket.write(self.worker.handshake)
    }

    func failed() {
        guard self.state == .connecting else { return }
        self.socket = nil
        self.worker.counts.failed += 1
        self.retry()
    }

    func refused(_ socket: ClientSocket) {
        guard self.socket === socket else { return }
        self.worker.counts.refused += 1
    }

    /// By the server, or by nobody.
    func closed(_ socket: ClientSocket) {
        guard self.socket === socket else { return }
        self.socket = nil
        guard self.state != .rejected else { return }
        if self.state == .ready {
            self.worker.counts.ready -= 1
            self.worker.counts.closed += 1
            self.cameAt = self.worker.now
            self.attempts = 0
        }
        self.retry()
    }

    func timeOut() {
        self.worker.counts.timedOut += 1
        let socket = self.socket
        self.socket = nil
        socket?.close()
        self.retry()
    }

    /// As stock clients: after 1 s, 2 s, 4 s, at most 5 s, each half as much more or less.
    private func retry() {
        self.state = .away
        let seconds = min(5, Double(1 << min(self.attempts, 3)) / 2) * Double.random(in: 0.5...1.5)
        self.worker.comeBack(self, after: .nanoseconds(Int64(seconds * 1e9)))
    }

    // MARK: Receiving

    func received(byteCount: Int) { self.worker.counts.bytes += byteCount }

    func receivedRubbish() { self.worker.counts.rubbish += 1 }

    func receive(_ text: UnsafeRawBufferPointer, on socket: ClientSocket) {
        guard self.socket === socket, text.count > 0 else { return }
        switch text[0] {
        case UInt8(ascii: "2"): socket.write(self.worker.pong)
        case UInt8(ascii: "0"): socket.write(ClientFrame.encode("40" + self.connectPayload))
        case UInt8(ascii: "4"):
            if text.starts(with: "42[\"message\",") {
                self.receiveEntry(text)
            } else if text.starts(with: "43") {
                self.receiveAcknowledgement(text)
            } else if text.starts(with: "42[\"ready\",") {
                self.receiveReady(text)
            } else if text.starts(with: "42[\"change\",") {
                self.receiveEntry(text)
            } else if text.starts(with: "40") {
                self.state = .entering
            } else if text.starts(with: "44") {
                self.worker.counts.rejected += 1
                self.worker.tell("rejected: \(String(decoding: text, as: UTF8.self))")
                self.state = .rejected
                socket.close()
            }
        default: break
        }
    }

    private var connectPayload: String {
        guard let log = self.log else { return #"{"token":"\#(self.token)"}"# }
        return #"{"token":"\#(self.token)","epoch":"\#(self.epoch)","cursors":{"\#(self.chatroom)":\#(log.last)}}"#
    }

    private func receiveReady(_ text: UnsafeRawBufferPointer) {
        guard self.state == .entering, let head = text.number(after: "\"head\":"),
            let epoch = text.string(after: "\"epoch\":\"")
        else { return self.receivedRubbish() }
        if self.log == nil { self.log = ReceivedLog(last: head) }
        if text.end(of: "\"behind\":true") != nil {
            self.worker.counts.behind += 1
            self.log?.skip(to: head)
        }
        self.epoch = epoch
        self.state = .ready
        self.worker.entered(self, after: self.worker.now - self.cameAt)
        self.writeAgain(self.pending.all(at: self.worker.now))
    }

    private func receiveEntry(_ text: UnsafeRawBufferPointer) {
        guard let seq = text.number(after: "\"seq\":"), self.log != nil else { return self.receivedRubbish() }
        switch self.log?.receive(seq) {
        case .doubled:
            self.worker.counts.doubled += 1
            return
        case .reordered: self.worker.counts.reordered += 1
        case .afterHole: self.worker.counts.holes += 1
        case .inOrder, nil: break
        }
        self.worker.delivered(to: self, sentAt: text.sentAt)
    }

    private func receiveAcknowledgement(_ text: UnsafeRawBufferPointer) {
        guard let time = text.number(at: 2).map({ UInt64($0) }) else { return }
        if let seq = text.number(after: "\"seq\":") {
            if self.pending.settled(time) { self.worker.acknowledged(sentAt: time, seq: seq, in: self.chatroom) }
            return
        }
        let code = text.string(after: "\"code\":\"") ?? "unknown"
        if code == "unavailable" {
            self.pending.postponed(time, at: self.worker.now)
        } else if self.pending.settled(time) {
            self.worker.refused(code)
        }
    }

    // MARK: Sending

    /// - Parameter time: when the message is due; it names the message.
    func send(dueAt time: UInt64) {
        self.pending.sent(time, at: self.worker.now)
        self.write(time)
    }

    /// To be called every second.
    func sendOverdueAgain() {
        guard self.state == .ready else { return }
        self.writeAgain(self.pending.overdue(at: self.worker.now))
    }

    private func writeAgain(_ times: [UInt64]) {
        self.worker.counts.repeated += times.count
        for time in times { self.write(time) }
    }

    private func write(_ time: UInt64) {
        let packet = SocketPacket(
            .event, id: String(time),
            payload: OutgoingMessage(
                sender: self.user, chatroom: self.chatroom, dueAt: time, bytes: self.worker.plan.messageBytes
            ).event)
        self.socket?.write(ClientFrame.encode("4" + packet.text))
    }

    func lost(upTo head: Seq) -> Int { self.log?.lost(upTo: head) ?? 0 }
}

@available(*, unavailable)
extension ChatClient: Sendable {}

/// A message of the load test: its content bears the time at which it was due, its client id follows from sender and time,
/// so that sending it again is sending the same.
struct OutgoingMessage {
    var sender: UserID
    var chatroom: ChatroomID
    var dueAt: UInt64
    /// Of its content.
    var bytes: Int

    var content: String {
        let time = "@" + String(self.dueAt)
        return time + String(repeating: "x", count: max(0, self.bytes - time.utf8.count))
    }

    var clientId: String {
        func hex(_ value: UInt64) -> String {
            let digits = String(value, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }
        let (a, b) = (hex(UInt64(self.sender.rawValue)), hex(self.dueAt))
        return "\(a.prefix(8))-\(a.dropFirst(8).prefix(4))-\(a.suffix(4))-\(b.prefix(4))-\(b.suffix(12))"
    }

    /// The Socket.IO event array.
    var event: String {
        #"["sendMessage",{"chatroomId":\#(self.chatroom),"clientId":"\#(self.clientId)","#
            + #""message":{"type":"text","content":"\#(self.content)"}}]"#
    }
}
