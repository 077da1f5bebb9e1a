internal import CHiredis
import IOThread
import Logging

/// What a link tells its owner, on the I/O thread.
protocol RedisLinkOwner: AnyObject {
    func linkOpened()
    func linkReceived(_ reply: UnsafePointer<redisReply>)
    func linkIsSilent()
    /// An open link was lost.
    func linkLost(_ error: RedisError)
}

/// A connection that is made again whenever it is lost; on the I/O thread.
final class RedisLink: RedisConnectionOwner {
    private let url: RedisURL
    private let greeting: [RESPCommand]
    private let thread = IOThread.shared
    private let timing: RedisTiming
    private let resolver: NameResolver
    private let logger: Logger
    weak var owner: (any RedisLinkOwner)?
    private var backoff: Backoff
    private var connection: RedisConnection?
    private var timer: IOThread.Timer?
    private var attempts = 0
    private(set) var isOpen = false
    private var isClosed = false
    private var isTroubleLogged = false

    init(
        url: RedisURL, selectsDatabase: Bool, timing: RedisTiming, resolver: NameResolver, logger: Logger
    ) {
        self.url = url
        self.greeting = url.greeting(selectsDatabase: selectsDatabase)
        self.timing = timing
        self.resolver = resolver
        self.logger = logger
        self.backoff = Backoff(shortest: timing.shortestPause, longest: timing.longestPause)
    }

    func connect() {
        self.thread.preconditionInside()
        guard !self.isClosed, self.connection == nil else { return }
        let link = OnThread(self)
        self.resolver.resolve(self.url.host) { addresses in
            IOThread.shared.execute { link.value.connect(to: addresses) }
        }
    }

    func send(_ command: RESPCommand) {
        guard self.isOpen, let connection = self.connection else { preconditionFailure("the link is not open") }
        connection.send(command)
    }

    /// Drops a connection that may be alive in name only.
    func reconnect() {
        guard let connection = self.connection else { return }
        connection.close()
        self.connectionLost(RedisError(.unavailable, "dropped, to be made anew"))
    }

    func close() {
        self.thread.preconditionInside()
        self.isClosed = true
        self.isOpen = false
        self.timer?.cancel()
        self.connection?.close()
        self.connection = nil
    }

    private func connect(to addresses: [String]) {
        guard !self.isClosed, self.connection == nil else { return }
        guard !addresses.isEmpty else { return self.again(RedisError(.unavailable, "the name is not known")) }
        // Another address each time: a name may stand for several machines of which one is down.
        let address = addresses[self.attempts % addresses.count]
        self.attempts += 1
        do {
            let connection = try RedisConnection(
                address: address, port: self.url.port, greeting: self.greeting, timing: self.timing,
                owner: self)
            self.connection = connection
            connection.start()
        } catch {
            self.again(error)
        }
    }

    private func again(_ error: RedisError) {
        let pause = self.backoff.delay()
        if !self.isTroubleLogged {
            self.isTroubleLogged = true
            self.logger.warning(
                "no connection to Redis",
                metadata: ["server": "\(self.url.server)", "reason": "\(error.message)"])
        }
        self.timer = self.thread.schedule(after: pause) { [weak self] in self?.connect() }
    }

    func connectionOpened() {
        self.isOpen = true
        self.backoff.reset()
        if self.isTroubleLogged {
            self.isTroubleLogged = false
            self.logger.notice("connected to Redis again", metadata: ["server": "\(self.url.server)"])
        }
        self.owner?.linkOpened()
    }

    func connectionReceived(_ reply: UnsafePointer<redisReply>) { self.owner?.linkReceived(reply) }

    func connectionIsSilent() { self.owner?.linkIsSilent() }

    func connectionLost(_ error: RedisError) {
        self.connection = nil
        let wasOpen = self.isOpen
        self.isOpen = false
        self.again(error)
        if wasOpen { self.owner?.linkLost(error) }
    }
}
