internal import CHiredis
import Glibc
import IOThread

/// What a connection tells its owner, on the I/O thread.
protocol RedisConnectionOwner: AnyObject {
    /// The greeting was answered well: commands may be sent.
    func connectionOpened()
    /// A reply to what was sent after that. Valid only during the call.
    func connectionReceived(_ reply: UnsafePointer<redisReply>)
    /// The connection has been silent: send a PING.
    func connectionIsSilent()
    /// The end, told once. Not told after `close()`.
    func connectionLost(_ error: RedisError)
}

/// One hiredis context from connecting to its end; on the I/O thread.
///
/// hiredis' reader, buffers and non-blocking connect are used, its callback layer is not: in subscribe mode that one
/// asserts on every reply it does not expect, and it cannot PING there. What a reply belongs to is the owner's business.
final class RedisConnection {
    private enum State { case connecting, greeting(awaited: Int), open, closed }

    private let thread = IOThread.shared
    private let timing: RedisTiming
    private let greeting: [RESPCommand]
    private let context: UnsafeMutablePointer<redisContext>
    private weak var owner: (any RedisConnectionOwner)?
    private var state = State.connecting
    private var watch: IOThread.Watch?
    private var timer: IOThread.Timer?
    private var isFlushScheduled = false
    private var lastHeard = ContinuousClock.now

    /// - Parameter address: numeric, since hiredis resolves names on the thread that calls it.
    init(
        address: String, port: Int, greeting: [RESPCommand], timing: RedisTiming, owner: any RedisConnectionOwner
    ) throws(RedisError) {
        guard let context = redisConnectNonBlock(address, Int32(port)) else {
            throw RedisError(.unavailable, "no memory for a connection")
        }
        guard context.pointee.err == 0 else {
            let message = Self.message(of: context)
            redisFree(context)
            throw RedisError(.unavailable, message)
        }
        self.context = context
        self.timing = timing
        self.greeting = greeting
        self.owner = owner
    }

    deinit {
        // The owner always closes first; then there is nothing left to free.
        guard case .closed = self.state else { preconditionFailure("a connection ends with close()") }
    }

    func start() {
        self.thread.preconditionInside()
        let descriptor = self.context.pointee.fd
        _ = redisEnableKeepAlive(self.context)
        // Bytes that nobody acknowledges end the connection even where no heartbeat looks.
        var patience: Int32 = 10_000
        _ = setsockopt(
            descriptor, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, &patience, socklen_t(MemoryLayout<Int32>.size))
        self.watch = self.thread.watch(descriptor, .write) { [weak self] readiness in
            self?.ready(readiness)
        }
        self.timer = self.thread.schedule(after: self.timing.connecting) { [weak self] in
            self?.fail("not connected in time")
        }
    }

    /// Appends to what leaves at the end of this turn of the thread: many commands, one system call.
    func send(_ command: RESPCommand) {
        guard case .open = self.state else { preconditionFailure("nothing is sent before the connection is open") }
        self.append(command)
    }

    func close() {
        if case .closed = self.state { return }
        self.state = .closed
        self.watch?.cancel()
        self.timer?.cancel()
        redisFree(self.context)
    }

    private func ready(_ readiness: IOThread.Readiness) {
        self.thread.preconditionInside()
        switch self.state {
        case .closed: return
        case .connecting: self.connected()
        case .greeting, .open:
            if readiness.contains(.read) { self.read() }
            if readiness.contains(.write) { self.flush() }
        }
    }

    private func connected() {
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(self.context.pointee.fd, SOL_SOCKET, SO_ERROR, &code, &length) == 0, code == 0 else {
            return self.fail(String(cString: strerror(code)))
        }
        self.state = .greeting(awaited: self.greeting.count)
        self.watch?.interest = .read
        for command in self.greeting { self.append(command) }
    }

    private func read() {
        guard redisBufferRead(self.context) == REDIS_OK else { return self.fail(Self.message(of: self.context)) }
        self.lastHeard = .now
        while true {
            if case .closed = self.state { return }
            var reply: UnsafeMutableRawPointer?
            guard redisGetReplyFromReader(self.context, &reply) == REDIS_OK else {
                return self.fail(Self.message(of: self.context))
            }
            guard let reply else { return }
            defer { freeReplyObject(reply) }
            self.received(UnsafePointer(reply.assumingMemoryBound(to: redisReply.self)))
        }
    }

    private func received(_ reply: UnsafePointer<redisReply>) {
        guard case .greeting(let awaited) = self.state else {
            self.owner?.connectionReceived(reply)
            return
        }
        if case .error(let message) = RedisReply(reply) { return self.fail(message) }
        guard awaited == 1 else { return self.state = .greeting(awaited: awaited - 1) }
        self.state = .open
        self.timer?.cancel()
        self.scheduleHeartbeat()
        self.owner?.connectionOpened()
    }

    private func append(_ command: RESPCommand) {
        let result = command.bytes.withUnsafeBytes { bytes in
            redisAppendFormattedCommand(self.context, bytes.bindMemory(to: CChar.self).baseAddress, bytes.count)
        }
        guard !self.isFlushScheduled else { return }
        self.isFlushScheduled = true
        // Also a failure is told in the next turn: whoever sends must not lose the connection under its hands.
        self.thread.schedule(after: .zero) { [weak self] in
            self?.isFlushScheduled = false
            result == REDIS_OK ? self?.flush() : self?.fail("no memory for a command")
        }
    }

    private func flush() {
        if case .closed = self.state { return }
        var isDone: Int32 = 0
        guard redisBufferWrite(self.context, &isDone) == REDIS_OK else {
            return self.fail(Self.message(of: self.context))
        }
        self.watch?.interest = isDone == 1 ? .read : [.read, .write]
    }

    private func scheduleHeartbeat() {
        self.timer = self.thread.schedule(after: self.timing.heartbeat) { [weak self] in
            guard let self else { return }
            let silence = ContinuousClock.now - self.lastHeard
            guard silence < self.timing.heartbeat * 3 else { return self.fail("the server is silent") }
            self.scheduleHeartbeat()
            if silence >= self.timing.heartbeat / 2 { self.owner?.connectionIsSilent() }
        }
    }

    private func fail(_ message: String) {
        if case .closed = self.state { return }
        let owner = self.owner
        self.close()
        owner?.connectionLost(RedisError(.unavailable, message))
    }

    private static func message(of context: UnsafeMutablePointer<redisContext>) -> String {
        withUnsafeBytes(of: &context.pointee.errstr) { text in
            String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}
