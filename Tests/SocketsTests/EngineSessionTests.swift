import NIOCore
import SocketIO
import Testing

@testable import Sockets

/// The rules of a session, moment by moment, without a server.
struct EngineSessionTests {
    private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    private static func limits(_ change: (inout SocketConfiguration) -> Void = { _ in }) -> EngineLimits {
        var configuration = SocketConfiguration()
        change(&configuration)
        return EngineLimits(configuration)
    }

    private static func polling(_ change: (inout SocketConfiguration) -> Void = { _ in }) -> EngineSession {
        EngineSession(transport: .polling, limits: self.limits(change), now: self.start)
    }

    private static func message(_ text: String) -> OutgoingPacket {
        OutgoingPacket(EnginePacket(.message, ByteBuffer(string: text)))
    }

    private static let probe = EnginePacket(.ping, ByteBuffer(string: "probe"))

    // MARK: Heartbeat

    @Test func `a ping is sent at its time and its deadline counts from then`() {
        var session = Self.polling()
        let due = Self.start + .seconds(25)
        #expect(session.deadline == due)
        #expect(session.advance(to: due - .nanoseconds(1)).words == [])
        // A timer that fires late moves no deadline.
        #expect(session.advance(to: due + .milliseconds(90)).words == [])
        #expect(session.deadline == due + .seconds(20))
        #expect(session.poll(1, now: due + .milliseconds(91)).words == ["answer 1 2"])
        #expect(session.poll(2, now: due + .seconds(20) - .nanoseconds(1)).words == [])
        #expect(session.advance(to: due + .seconds(20)).words == ["answer 2 1", "ended ping timeout", "remove"])
    }

    @Test func `a request at the deadline finds the session dead, without any timer`() {
        var session = Self.polling()
        #expect(session.poll(1, now: Self.start + .seconds(25) + .milliseconds(500)).words == ["answer 1 2"])
        #expect(
            session.poll(2, now: Self.start + .seconds(45)).words
                == ["ended ping timeout", "remove", "refuse 2 Session ID unknown"])
    }

    @Test func `a pong starts the interval anew`() {
        var session = Self.polling()
        let due = Self.start + .seconds(25)
        _ = session.advance(to: due)
        #expect(session.receive(EnginePacket(.pong), now: due + .seconds(3)).word == "ignore")
        #expect(session.deadline == due + .seconds(28))
    }

    @Test func `a pong nobody asked for moves nothing`() {
        var session = Self.polling()
        _ = session.receive(EnginePacket(.pong), now: Self.start + .seconds(5))
        #expect(session.deadline == Self.start + .seconds(25))
    }

    @Test func `when the process stood still its clients still get their time to answer`() {
        var session = EngineSession(transport: .webSocket, limits: Self.limits(), now: Self.start)
        let late = Self.start + .seconds(300)
        #expect(session.advance(to: late).words == ["write"])
        #expect(session.deadline == late + .seconds(20))
    }

    // MARK: Polling

    @Test func `a GET takes what is queued, at most sixteen packets of it`() {
        var session = Self.polling()
        #expect(session.enqueue((1...20).map { Self.message("\($0)") }) == true)
        let first = (1...16).map { "4\($0)" }.joined(separator: "|")
        #expect(session.poll(1, now: Self.start).words == ["answer 1 \(first)"])
        #expect(session.poll(2, now: Self.start).words == ["answer 2 417|418|419|420"])
        #expect(session.queuedBytes == 0)
        #expect(session.poll(3, now: Self.start).words == [])
    }

    @Test func `a body stays near the payload limit, but a single packet may exceed it`() {
        var session = Self.polling { $0.maxPayloadBytes = 10 }
        #expect(session.enqueue([Self.message("123456789012"), Self.message("1234"), Self.message("12345")]) == true)
        #expect(session.poll(1, now: Self.start).words == ["answer 1 4123456789012"])
        #expect(session.poll(2, now: Self.start).words == ["answer 2 41234"])
        #expect(session.poll(3, now: Self.start).words == ["answer 3 412345"])
    }

    @Test func `the queue is bounded in packets and in bytes`() {
        var few = Self.polling { $0.maxQueuedPackets = 2 }
        #expect(few.enqueue([Self.message("a"), Self.message("b")]) == true)
        #expect(few.enqueue([Self.message("c")]) == false)
        var small = Self.polling { $0.maxQueuedBytes = 10 }
        #expect(small.enqueue([Self.message("12345")]) == true)
        #expect(small.enqueue([Self.message("12345")]) == false)
        #expect(small.poll(1, now: Self.start).words == ["answer 1 412345"])
        #expect(small.enqueue([Self.message("12345")]) == true)
    }

    @Test func `a second POST while one is received ends the session`() {
        var session = Self.polling()
        #expect(session.beginPost(1, now: Self.start).words == [])
        #expect(
            session.beginPost(2, now: Self.start).words == ["reject 2", "ended transport error", "remove"])
    }

    @Test func `another method is refused and the session kept`() {
        var session = Self.polling()
        #expect(session.refuseMethod(1, now: Self.start).words == ["refuse 1 Bad request"])
        #expect(session.isOpen)
    }

    @Test func `a POST given up ends the session`() {
        var session = Self.polling()
        _ = session.beginPost(1, now: Self.start)
        #expect(session.abort(1).words == ["ended transport error", "remove"])
    }

    @Test(arguments: [(EnginePacket.Kind.ping, "end parse error"), (.close, "end transport close"), (.open, "ignore")])
    func `packets a client should not send`(_ kind: EnginePacket.Kind, _ word: String) {
        var session = Self.polling()
        #expect(session.receive(EnginePacket(kind), now: Self.start).word == word)
    }

    // MARK: Upgrade

    @Test func `a GET held since before the WebSocket is released by the probe`() {
        var session = Self.polling()
        _ = session.poll(1, now: Self.start)
        #expect(session.attach(now: Self.start).1.word == "probe")
        #expect(session.receiveProbe(Self.probe, now: Self.start).words == ["probe answered", "answer 1 6"])
    }

    @Test func `a GET that comes during the probe waits twenty milliseconds for the upgrade`() {
        var session = Self.polling()
        _ = session.attach(now: Self.start)
        _ = session.receiveProbe(Self.probe, now: Self.start)
        let came = Self.start + .milliseconds(5)
        #expect(session.poll(1, now: came).words == ["release later"])
        #expect(session.releasePolls(now: came + .milliseconds(19)).words == [])
        #expect(session.releasePolls(now: came + .milliseconds(20)).words == ["answer 1 6"])
    }

    @Test func `a GET that came after the WebSocket is refused by the switch`() {
        var session = Self.polling()
        _ = session.attach(now: Self.start)
        #expect(session.poll(1, now: Self.start).words == ["release later"])
        #expect(session.receiveProbe(Self.probe, now: Self.start).words == ["probe answered"])
        #expect(
            session.receiveProbe(EnginePacket(.upgrade), now: Self.start).words
                == ["refuse 1 Bad request", "promote probe"])
        #expect(session.poll(2, now: Self.start).words == ["refuse 2 Bad request"])
    }

    @Test func `messages travel by polling until the switch, which brings the rest in order`() {
        var session = Self.polling()
        _ = session.attach(now: Self.start)
        _ = session.receiveProbe(Self.probe, now: Self.start)
        #expect(session.enqueue([Self.message("a")]) == true)
        #expect(session.poll(1, now: Self.start).words == ["answer 1 4a"])
        #expect(session.enqueue([Self.message("b"), Self.message("c")]) == true)
        #expect(
            session.receiveProbe(EnginePacket(.upgrade), now: Self.start).words == ["promote probe", "write", "write"])
    }

    @Test func `the switch forgives a ping lost on the old transport`() {
        var session = Self.polling()
        _ = session.advance(to: Self.start + .seconds(25))
        let switched = Self.start + .seconds(30)
        _ = session.attach(now: switched)
        _ = session.receiveProbe(EnginePacket(.upgrade), now: switched)
        #expect(session.deadline == switched + .seconds(25))
    }

    @Test func `a probe that sends anything else, or nothing in time, is closed and polling goes on`() {
        var session = Self.polling()
        _ = session.attach(now: Self.start)
        let message = EnginePacket(.message, ByteBuffer(string: "x"))
        #expect(session.receiveProbe(message, now: Self.start).words == ["close probe"])
        _ = session.attach(now: Self.start)
        #expect(session.deadline == Self.start + .seconds(10))
        #expect(session.advance(to: Self.start + .seconds(10)).words == ["close probe"])
        #expect(session.isOpen)
        #expect(session.attach(now: Self.start + .seconds(11)).1.word == "probe")
    }

    @Test func `a second WebSocket is one too many, during the probe and after it`() {
        var session = Self.polling()
        _ = session.attach(now: Self.start)
        #expect(session.attach(now: Self.start).1.word == "surplus")
        _ = session.receiveProbe(EnginePacket(.upgrade), now: Self.start)
        #expect(session.attach(now: Self.start).1.word == "surplus")
    }

    @Test func `the session's death during the probe closes both`() {
        var session = Self.polling()
        _ = session.poll(1, now: Self.start)
        _ = session.attach(now: Self.start)
        #expect(
            session.abort(1).words == ["close probe", "ended transport error", "remove"])
    }

    // MARK: Close

    @Test func `after the client's close one late GET is still answered with a noop`() {
        var session = Self.polling()
        #expect(session.closedByClient(now: Self.start).words == ["ended transport close"])
        #expect(session.poll(1, now: Self.start + .milliseconds(100)).words == ["answer 1 6", "remove"])
        #expect(session.poll(2, now: Self.start + .milliseconds(101)).words == ["refuse 2 Session ID unknown"])
    }

    @Test func `the late GET may not be too late`() {
        var session = Self.polling()
        _ = session.closedByClient(now: Self.start)
        #expect(session.deadline == Self.start + .milliseconds(300))
        #expect(
            session.poll(1, now: Self.start + .milliseconds(300)).words == ["remove", "refuse 1 Session ID unknown"])
    }

    @Test func `a server's close reaches the held GET behind what is queued`() {
        var session = Self.polling()
        #expect(session.enqueue([Self.message("bye")]) == true)
        #expect(session.close(.forcedClose, code: nil, now: Self.start).words == ["ended forced close"])
        #expect(session.beginPost(1, now: Self.start).words == ["refuse 1 Session ID unknown"])
        #expect(session.poll(2, now: Self.start + .seconds(29)).words == ["answer 2 4bye|1", "remove"])
    }

    @Test func `a farewell that nobody fetches is given up`() {
        var session = Self.polling()
        _ = session.close(.forcedClose, code: nil, now: Self.start)
        #expect(session.deadline == Self.start + .seconds(30))
        #expect(session.advance(to: Self.start + .seconds(30)).words == ["remove"])
    }

    @Test func `a WebSocket session ends at once`() {
        var session = EngineSession(transport: .webSocket, limits: Self.limits(), now: Self.start)
        #expect(
            session.close(.serverShuttingDown, code: .serviceRestart, now: Self.start).words
                == ["close 1012", "ended server shutting down", "remove"])
        #expect(session.close(.forcedClose, code: nil, now: Self.start).words == [])
    }
}

extension [EngineSession.Action] {
    /// The actions in words, to compare.
    fileprivate var words: [String] {
        self.map { action in
            switch action {
            case .answer(let request, let body):
                "answer \(request) \(String(buffer: body).replacing("\u{1E}", with: "|"))"
            case .accept(let request): "accept \(request)"
            case .refuse(let request, let refusal): "refuse \(request) \(refusal.message)"
            case .reject(let request): "reject \(request)"
            case .write: "write"
            case .writeProbe: "probe answered"
            case .promoteProbe: "promote probe"
            case .closeProbe: "close probe"
            case .closeWebSocket(let code): "close \(code.map { String($0.rawValue) } ?? "")"
            case .releaseLater: "release later"
            case .ended(let reason): "ended \(reason.rawValue)"
            case .remove: "remove"
            }
        }
    }
}

extension EngineSession.Receipt {
    fileprivate var word: String {
        switch self {
        case .deliver: "deliver"
        case .ignore: "ignore"
        case .end(let reason): "end \(reason.rawValue)"
        }
    }
}

extension EngineSession.Attachment {
    fileprivate var word: String {
        switch self {
        case .probe: "probe"
        case .surplus: "surplus"
        case .refuse(let refusal): "refuse \(refusal.message)"
        }
    }
}
