internal import CHiredis
import IOThread

/// One server's connection for commands, always pipelined; on the I/O thread.
final class RedisCommands: RedisLinkOwner {
    /// What the answer to a command is for.
    enum Awaited {
        case publication
        case heartbeat
        case reply(CheckedContinuation<Result<RedisReply, RedisError>, Never>)
    }

    /// A server that answers slower than we publish must not fill our memory. Reached only in trouble: then publications
    /// are dropped, and whoever misses one sees the hole.
    static var maxUnansweredBytes: Int { 16 << 20 }

    private var queue = CommandQueue<Awaited>()
    private let link: RedisLink
    private let losses: LostPublications

    init(link: RedisLink, losses: LostPublications) {
        self.link = link
        self.losses = losses
        link.owner = self
    }

    var isConnected: Bool { self.link.isOpen }

    func connect() { self.link.connect() }

    func publish(_ command: RESPCommand) {
        guard self.link.isOpen, self.queue.bytes < Self.maxUnansweredBytes else { return self.losses.add(1) }
        self.send(command, .publication)
    }

    func command(_ command: RESPCommand, _ answer: CheckedContinuation<Result<RedisReply, RedisError>, Never>) {
        guard self.link.isOpen, self.queue.bytes < Self.maxUnansweredBytes else {
            return answer.resume(returning: .failure(RedisError(.unavailable, "there is no connection")))
        }
        self.send(command, .reply(answer))
    }

    func close() {
        self.link.close()
        self.failAll(RedisError(.closed, "the client was closed"))
    }

    func linkOpened() {}

    func linkIsSilent() { self.send(RESPCommand("PING"), .heartbeat) }

    func linkReceived(_ reply: UnsafePointer<redisReply>) {
        switch self.queue.popFirst() {
        case nil, .heartbeat: break
        case .publication:
            if reply.pointee.type == REDIS_REPLY_ERROR { self.losses.add(1) }
        case .reply(let answer):
            let reply = RedisReply(reply)
            if case .error(let message) = reply {
                answer.resume(returning: .failure(RedisError(.refused, message)))
            } else {
                answer.resume(returning: .success(reply))
            }
        }
    }

    func linkLost(_ error: RedisError) { self.failAll(RedisError(.outcomeUnknown, error.message)) }

    private func send(_ command: RESPCommand, _ awaited: Awaited) {
        self.queue.append(awaited, bytes: command.bytes.count)
        self.link.send(command)
    }

    private func failAll(_ error: RedisError) {
        while let awaited = self.queue.popFirst() {
            switch awaited {
            case .heartbeat: break
            case .publication: self.losses.add(1)
            case .reply(let answer): answer.resume(returning: .failure(error))
            }
        }
    }
}
