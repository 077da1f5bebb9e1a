import Glibc
import IOThread
import NIOCore

/// One WebSocket of a ``ChatClient``: TCP, the answer to the handshake, then frames. On the I/O thread.
///
/// On a bare socket: who measures a server with thousands of clients on one core must be cheaper than the server.
final class ClientSocket {
    private enum State { case connecting, open, closed }

    /// `IP_BIND_ADDRESS_NO_PORT` (`ip(7)`): the port is chosen on connecting, so that one may serve several connections.
    private static let bindWithoutPort: Int32 = 24

    private unowned let client: ChatClient
    private unowned let worker: Worker
    private let descriptor: Int32
    private var state = State.connecting
    private var watch: IOThread.Watch?
    private var frames = ServerFrames()
    private var isUpgraded = false
    /// Of the answer's head, until it is whole.
    private var head = ByteBuffer()
    /// What the kernel did not take.
    private var unsent = ByteBuffer()

    /// Begins to connect; ``ChatClient/opened(_:)`` or ``ChatClient/failed()`` follows. `nil`: it failed at once.
    init?(_ client: ChatClient, to target: SocketAddress, from source: SocketAddress?, worker: Worker) {
        let family = target.protocol.rawValue
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        self.client = client
        self.worker = worker
        self.descriptor = descriptor
        Self.set(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY)
        if let source {
            Self.set(descriptor, Int32(IPPROTO_IP), Self.bindWithoutPort)
            _ = source.withSockAddr { bind(descriptor, $0, socklen_t($1)) }
        }
        let result = target.withSockAddr { connect(descriptor, $0, socklen_t($1)) }
        guard result == 0 || errno == EINPROGRESS else {
            Glibc.close(descriptor)
            return nil
        }
        self.watch = IOThread.shared.watch(descriptor, .write) { [weak self] in self?.ready($0) }
        worker.opened()
    }

    private static func set(_ descriptor: Int32, _ level: Int32, _ option: Int32) {
        var on: Int32 = 1
        _ = setsockopt(descriptor, level, option, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Whoever waits for the other end is told ``ChatClient/closed(_:)``.
    func close() {
        guard self.end() else { return }
        self.client.closed(self)
    }

    /// `false`: it has ended already.
    private func end() -> Bool {
        guard self.state != .closed else { return false }
        self.state = .closed
        self.watch?.cancel()
        Glibc.close(self.descriptor)
        self.worker.closed()
        return true
    }

    func write(_ frame: ByteBuffer) {
        guard self.state == .open else { return }
        if self.unsent.readableBytes > 0 {
            self.unsent.writeImmutableBuffer(frame)
            return
        }
        self.unsent = frame
        self.flush()
    }

    private func flush() {
        let count = self.unsent.withUnsafeReadableBytes {
            send(self.descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        // A broken connection is met by whoever reads.
        guard count >= 0 || errno == EAGAIN else { return self.unsent = ByteBuffer() }
        self.unsent.moveReaderIndex(forwardBy: max(0, count))
        let isDone = self.unsent.readableBytes == 0
        if isDone { self.unsent = ByteBuffer() }
        self.watch?.interest = isDone ? .read : [.read, .write]
    }

    private func ready(_ readiness: IOThread.Readiness) {
        guard self.state == .open else { return self.connected() }
        if readiness.contains(.write) { self.flush() }
        if readiness.contains(.read) { self.read() }
    }

    private func connected() {
        guard self.state == .connecting else { return }
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(self.descriptor, SOL_SOCKET, SO_ERROR, &code, &length) == 0, code == 0 else {
            self.worker.tell("a connection failed: \(String(cString: strerror(code)))")
            if self.end() { self.client.failed() }
            return
        }
        self.state = .open
        self.watch?.interest = .read
        self.client.opened(self)
    }

    private func read() {
        while self.state == .open, let bytes = self.worker.receive(from: self.descriptor) {
            guard bytes.readableBytes > 0 else { return self.close() }
            if self.isUpgraded { self.read(bytes) } else { self.readHead(bytes) }
            // A full buffer: there may be more.
            if bytes.writableBytes > 0 { return }
        }
    }

    private func read(_ bytes: ByteBuffer) {
        self.client.received(byteCount: bytes.readableBytes)
        let isSound = self.frames.read(bytes) { opcode, payload in
            switch opcode {
            case .text: self.client.receive(payload, on: self)
            case .close: self.close()
            case .ping: self.write(ClientFrame.encode(String(decoding: payload, as: UTF8.self), .pong))
            case .binary, .pong: break
            }
        }
        if !isSound {
            self.client.receivedRubbish()
            self.close()
        }
    }

    /// Only its status matters; what follows it is frames already.
    private func readHead(_ bytes: ByteBuffer) {
        self.head.writeImmutableBuffer(bytes)
        let view = self.head.readableBytesView
        guard let end = view.firstRange(of: "\r\n\r\n".utf8)?.upperBound else { return }
        guard view.starts(with: "HTTP/1.1 101".utf8) else {
            self.client.refused(self)
            return self.close()
        }
        let rest = self.head.getSlice(at: end, length: self.head.writerIndex - end) ?? ByteBuffer()
        self.head = ByteBuffer()
        self.isUpgraded = true
        if rest.readableBytes > 0 { self.read(rest) }
    }
}

@available(*, unavailable)
extension ClientSocket: Sendable {}
