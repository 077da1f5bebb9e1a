import Logging

/// One server with its two connections; on the I/O thread.
final class RedisServer {
    let commands: RedisCommands
    let subscriber: RedisSubscriber

    init(
        url: RedisURL, timing: RedisTiming, resolver: NameResolver, losses: LostPublications, listener: RedisListener,
        logger: Logger
    ) {
        func link(selectsDatabase: Bool) -> RedisLink {
            RedisLink(url: url, selectsDatabase: selectsDatabase, timing: timing, resolver: resolver, logger: logger)
        }
        self.commands = RedisCommands(link: link(selectsDatabase: true), losses: losses)
        self.subscriber = RedisSubscriber(server: url.server, link: link(selectsDatabase: false), listener: listener)
    }

    func close() {
        self.commands.close()
        self.subscriber.close()
    }
}

/// All servers, and whoever listens; on the I/O thread.
final class RedisServers {
    let listener = RedisListener()
    let all: [RedisServer]

    init(urls: [RedisURL], timing: RedisTiming, losses: LostPublications, logger: Logger) {
        let resolver = NameResolver()
        let listener = self.listener
        self.all = urls.map { url in
            RedisServer(
                url: url, timing: timing, resolver: resolver, losses: losses, listener: listener, logger: logger)
        }
    }

    func close() {
        for server in self.all { server.close() }
    }
}
