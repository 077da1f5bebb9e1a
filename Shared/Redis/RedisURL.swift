import Foundation

/// Where a server is and how to sign in: `redis://[user:password@]host[:port][/db]`.
///
/// There is no TLS here: Redis belongs on a private network, or behind a tunnel.
package struct RedisURL: Hashable, Sendable {
    package var host: String
    package var port: Int
    package var user: String?
    package var password: String?
    /// Which of the server's databases commands use. Channels are the same in all of them.
    package var database: Int

    /// - Throws: ``RedisError/Code/invalidURL``; its message never repeats the URL, which may hold a password.
    package init(_ text: String) throws(RedisError) {
        guard let parts = URLComponents(string: text), let host = parts.host, !host.isEmpty else {
            throw RedisError(.invalidURL, "not of the form redis://[user:password@]host[:port][/db]")
        }
        guard parts.scheme == "redis" else { throw RedisError(.invalidURL, "the scheme is not redis") }
        guard parts.query == nil, parts.fragment == nil else {
            throw RedisError(.invalidURL, "a query or a fragment means nothing here")
        }
        let port = parts.port ?? 6379
        guard (1...65_535).contains(port) else { throw RedisError(.invalidURL, "the port is not in 1…65535") }
        let path = parts.path.drop { $0 == "/" }
        guard let database = path.isEmpty ? 0 : Int(path), (0...1_000_000).contains(database) else {
            throw RedisError(.invalidURL, "the database is not a number")
        }
        self.host = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        self.port = port
        self.user = parts.user.flatMap { $0.isEmpty ? nil : $0 }
        self.password = parts.password
        self.database = database
    }

    /// Names the server: the same in every process that has it in its list, and free of secrets.
    package var server: RedisServerID { RedisServerID("\(self.host.lowercased()):\(self.port)") }

    /// What a new connection says first. Their answers tell that the server can work: one that is loading its data or
    /// full refuses even PING.
    func greeting(selectsDatabase: Bool) -> [RESPCommand] {
        var commands: [RESPCommand] = []
        if let password = self.password {
            commands.append(self.user.map { RESPCommand("AUTH", $0, password) } ?? RESPCommand("AUTH", password))
        }
        if selectsDatabase, self.database != 0 { commands.append(RESPCommand("SELECT", String(self.database))) }
        commands.append(RESPCommand("PING"))
        return commands
    }
}

/// Names one of the servers, as `host:port`.
package struct RedisServerID: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
