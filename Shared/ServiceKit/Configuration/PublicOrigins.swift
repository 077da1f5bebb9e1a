/// The origins of the web client: `PUBLIC_ORIGINS`. A request that a cookie vouches for must come from one of them.
package struct PublicOrigins: Sendable {
    /// None: the request's own host is the only one.
    private let listed: Set<String>

    package init(_ origins: [String] = []) { self.listed = Set(origins.map { $0.lowercased() }) }

    init(_ keys: ConfigurationKeys) {
        let name = "PUBLIC_ORIGINS"
        let origins = keys.list(
            name, default: [],
            "origins of the web client, as https://chat.example; by default that of the host which was called")
        for origin in origins where !Self.isOrigin(origin) {
            keys.problem(name, "holds what is not an origin: \(origin)")
        }
        self.init(origins)
    }

    /// Whether a request that bears this `Origin` comes from a page of ours.
    ///
    /// - Parameters:
    ///   - host: the `Host` that was called.
    ///   - isSecure: whether it was called over TLS; a page without TLS is then another origin.
    package func allows(_ origin: String?, host: String?, isSecure: Bool) -> Bool {
        guard let origin = origin?.lowercased() else { return false }
        guard self.listed.isEmpty else { return self.listed.contains(origin) }
        guard let host = host?.lowercased(), !host.isEmpty else { return false }
        return origin == "https://\(Self.dropping(":443", from: host))"
            || !isSecure && origin == "http://\(Self.dropping(":80", from: host))"
    }

    /// An origin is written without the port that its scheme has anyway.
    private static func dropping(_ port: String, from host: String) -> String {
        host.hasSuffix(port) ? String(host.dropLast(port.count)) : host
    }

    private static func isOrigin(_ text: String) -> Bool {
        let parts = text.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        return parts.count == 2 && ["http", "https"].contains(parts[0]) && !parts[1].isEmpty
            && parts[1].utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "/") }
    }
}
