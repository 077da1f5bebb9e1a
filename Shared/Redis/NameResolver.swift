import Dispatch
import Glibc

/// Turns host names into addresses, on a queue of its own: `getaddrinfo` blocks, for seconds where a name server is gone.
struct NameResolver: Sendable {
    private let queue = DispatchQueue(label: "teahouse.redis.names")

    /// Calls back with numeric addresses, none if the name is not known. A numeric host comes back at once, on the
    /// caller's thread; a name later, on another.
    func resolve(_ host: String, then callback: @escaping @Sendable ([String]) -> Void) {
        if Self.isNumeric(host) { return callback([host]) }
        self.queue.async { callback(Self.lookUp(host)) }
    }

    static func isNumeric(_ host: String) -> Bool {
        var address = in6_addr()
        return inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1
    }

    static func lookUp(_ host: String) -> [String] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var addresses: [String] = []
        var next = list
        while let entry = next?.pointee {
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            let result = getnameinfo(
                entry.ai_addr, entry.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
            if result == 0 {
                addresses.append(String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
            }
            next = entry.ai_next
        }
        return addresses
    }
}
