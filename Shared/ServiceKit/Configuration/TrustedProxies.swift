import Glibc

/// The proxies whose word on a client's address is believed: `TRUSTED_PROXIES`.
package struct TrustedProxies: Sendable {
    private let networks: [(address: [UInt8], bits: Int)]

    package init?(_ networks: [String]) {
        var parsed: [(address: [UInt8], bits: Int)] = []
        for network in networks {
            let parts = network.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count <= 2, let address = Self.bytes(of: String(parts[0])) else { return nil }
            guard let bits = parts.count == 2 ? Int(parts[1]) : address.count * 8,
                (0...(address.count * 8)).contains(bits)
            else { return nil }
            parsed.append((address, bits))
        }
        self.networks = parsed
    }

    init(_ keys: ConfigurationKeys) {
        let name = "TRUSTED_PROXIES"
        let list = keys.list(
            name, default: [], "networks of the edge, as 10.0.0.0/8,::1/128, whose X-Forwarded-For is believed")
        if let proxies = Self(list) {
            self = proxies
        } else {
            keys.problem(name, "holds what is not a network")
            self.networks = []
        }
    }

    /// The client's address: the peer's, unless that is a trusted proxy; then the last address of `X-Forwarded-For` that
    /// no trusted proxy has.
    package func client(peer: String, forwardedFor: String?) -> String {
        guard self.contains(peer), let forwardedFor else { return peer }
        var client = peer
        for hop in forwardedFor.split(separator: ",").reversed() {
            let hop = hop.trimmingPrefix(while: \.isWhitespace).prefix { !$0.isWhitespace }
            guard Self.bytes(of: String(hop)) != nil else { return client }
            client = String(hop)
            guard self.contains(client) else { return client }
        }
        return client
    }

    /// Whether the client spoke TLS with the edge, which a trusted proxy alone can tell.
    package func isSecure(peer: String, forwardedProto: String?) -> Bool {
        forwardedProto?.lowercased() == "https" && self.contains(peer)
    }

    func contains(_ address: String) -> Bool {
        guard let bytes = Self.bytes(of: address) else { return false }
        return self.networks.contains { network in
            network.address.count == bytes.count
                && zip(network.address, bytes).enumerated().allSatisfy { place, pair in
                    let bits = min(8, max(0, network.bits - place * 8))
                    let mask = UInt8(truncatingIfNeeded: 0xFF00 >> bits)
                    return pair.0 & mask == pair.1 & mask
                }
        }
    }

    private static func bytes(of address: String) -> [UInt8]? {
        for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
            var bytes = [UInt8](repeating: 0, count: count)
            if inet_pton(family, address, &bytes) == 1 { return bytes }
        }
        return nil
    }
}
