import NIOHTTP1

/// The target of a request to the engine, taken apart.
struct EngineRequest: Sendable {
    /// The path without the query.
    let path: String
    /// Percent-decoded; the values of a doubled name joined by a comma, which no legal value of ours contains.
    let query: [String: String]

    /// A query of more parameters is cut off there.
    private static let maxParameters = 64

    init(uri: String) {
        let parts = Self.withoutAuthority(uri).split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        self.path = String(parts[0])
        var query: [String: String] = [:]
        if parts.count > 1 {
            let target = parts[1].prefix { $0 != "#" }
            for parameter in target.split(separator: "&").prefix(Self.maxParameters) {
                let pair = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                let name = Self.decoded(pair[0])
                let value = pair.count > 1 ? Self.decoded(pair[1]) : ""
                query[name] = query[name].map { $0 + "," + value } ?? value
            }
        }
        self.query = query
    }

    var transport: String? { self.query["transport"] }
    var version: String? { self.query["EIO"] }
    /// An empty one counts as absent.
    var sid: String? { self.query["sid"].flatMap { $0.isEmpty ? nil : $0 } }

    /// Whether the request is for what is served at `mount`, which ends with a slash.
    func isFor(_ mount: String) -> Bool {
        self.path.utf8.starts(with: mount.utf8) || self.path.utf8.elementsEqual(mount.utf8.dropLast())
    }

    /// `http://host/path` is as good as `/path` (RFC 9112 §3.2.2).
    private static func withoutAuthority(_ uri: String) -> Substring {
        guard uri.hasPrefix("http://") || uri.hasPrefix("https://") else { return uri[...] }
        let rest = uri.drop { $0 != ":" }.dropFirst(3)
        return rest.drop { $0 != "/" }
    }

    private static func decoded(_ text: Substring) -> String {
        guard text.utf8.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) else {
            return String(text)
        }
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "+") {
                bytes.append(UInt8(ascii: " "))
            } else if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16),
                rest.first != UInt8(ascii: "+"), rest.first != UInt8(ascii: "-")
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
