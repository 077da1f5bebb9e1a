internal import CHiredis
import IOThread

/// One server's connection for subscriptions, made when the first is wanted; on the I/O thread.
final class RedisSubscriber: RedisLinkOwner {
    /// Somebody who waits until several channels are confirmed.
    final class Waiter {
        private var remaining: Int
        private var whenDone: ((Result<Void, RedisError>) -> Void)?

        init(channels: Int, whenDone: @escaping (Result<Void, RedisError>) -> Void) {
            self.remaining = channels
            self.whenDone = whenDone
        }

        func confirmed() {
            self.remaining -= 1
            if self.remaining == 0 { self.end(.success(())) }
        }

        func end(_ result: Result<Void, RedisError>) {
            self.whenDone?(result)
            self.whenDone = nil
        }
    }

    /// Names in one command; a server reads it as a whole before it answers.
    private static var channelsPerCommand: Int { 500 }

    private let server: RedisServerID
    private let link: RedisLink
    private let listener: RedisListener
    private var subscriptions = Subscriptions<Waiter>()
    private var isNeeded = false
    private var isClosed = false

    init(server: RedisServerID, link: RedisLink, listener: RedisListener) {
        self.server = server
        self.link = link
        self.listener = listener
        link.owner = self
    }

    func subscribe(_ channels: [String], waiter: Waiter) {
        guard !self.isClosed else { return waiter.end(.failure(RedisError(.closed, "the client was closed"))) }
        var toSend: [String] = []
        for channel in channels {
            switch self.subscriptions.subscribe(channel, waiter: waiter) {
            case .confirmed: waiter.confirmed()
            case .send: toSend.append(channel)
            case .wait: break
            }
        }
        self.send("SUBSCRIBE", toSend)
        if !self.isNeeded {
            self.isNeeded = true
            self.link.connect()
        }
    }

    func unsubscribe(_ channels: [String]) {
        var toSend: [String] = []
        for channel in channels {
            let (send, waiters) = self.subscriptions.unsubscribe(channel)
            if send { toSend.append(channel) }
            for waiter in waiters { waiter.end(.failure(RedisError(.unsubscribed, "unsubscribed meanwhile"))) }
        }
        self.send("UNSUBSCRIBE", toSend)
    }

    func reconnect() { self.link.reconnect() }

    func close() {
        self.isClosed = true
        self.link.close()
        for waiter in self.subscriptions.close() {
            waiter.end(.failure(RedisError(.closed, "the client was closed")))
        }
    }

    func linkOpened() {
        self.send("SUBSCRIBE", self.subscriptions.connected())
        self.listener.told(.connected(self.server))
    }

    func linkIsSilent() { self.link.send(RESPCommand("PING")) }

    func linkLost(_ error: RedisError) {
        self.subscriptions.lost()
        self.listener.told(.lost(self.server))
    }

    /// `["message", channel, payload]`, `["subscribe" or "unsubscribe", channel, count]`; everything else (answers to PING,
    /// errors) changes nothing.
    func linkReceived(_ reply: UnsafePointer<redisReply>) {
        guard let kind = reply.text(0) else { return }
        switch kind {
        case "message":
            guard let channel = reply.text(1), let payload = reply.bytes(2), self.subscriptions.wants(channel)
            else { return }
            self.listener.received(RedisMessage(server: self.server, channel: channel, payload: payload))
        case "subscribe", "unsubscribe":
            guard let channel = reply.text(1), let waiters = self.subscriptions.answered(channel) else { return }
            self.listener.told(.subscribed(channel, self.server))
            for waiter in waiters { waiter.confirmed() }
        default: break
        }
    }

    private func send(_ verb: String, _ channels: [String]) {
        var rest = channels[...]
        while !rest.isEmpty {
            self.link.send(RESPCommand([verb] + rest.prefix(Self.channelsPerCommand)))
            rest = rest.dropFirst(Self.channelsPerCommand)
        }
    }
}

extension UnsafePointer<redisReply> {
    /// The bytes of one element of an array reply; `nil` where there is none or it is no string.
    fileprivate func bytes(_ index: Int) -> [UInt8]? {
        self.string(index).map { [UInt8]($0) }
    }

    fileprivate func text(_ index: Int) -> String? {
        self.string(index).map { String(decoding: $0, as: UTF8.self) }
    }

    private func string(_ index: Int) -> UnsafeRawBufferPointer? {
        guard self.pointee.type == REDIS_REPLY_ARRAY, index < self.pointee.elements,
            let element = self.pointee.element[index]?.pointee,
            element.type == REDIS_REPLY_STRING || element.type == REDIS_REPLY_STATUS, let start = element.str
        else { return nil }
        return UnsafeRawBufferPointer(start: start, count: element.len)
    }
}
