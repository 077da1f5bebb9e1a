import Foundation

/// Where a bucket is: `s3://bucket/prefix?endpoint=https://host:port&region=eu-central-1`.
struct S3Location: Hashable, Sendable {
    let endpoint: String
    /// As the `Host` header has it.
    let host: String
    /// `/bucket/prefix/`, or `/bucket/`.
    let base: String
    let bucket: String
    /// `prefix/`, or nothing.
    let prefix: String
    let region: String

    /// `nil` where it cannot be read. Without an endpoint it is AWS.
    init?(_ text: String) {
        guard let parts = URLComponents(string: text), parts.scheme == "s3", let bucket = parts.host,
            !bucket.isEmpty, parts.user == nil, parts.port == nil
        else { return nil }
        let items = Dictionary((parts.queryItems ?? []).map { ($0.name, $0.value ?? "") }) { $1 }
        guard Set(items.keys).isSubset(of: ["endpoint", "region"]) else { return nil }
        let region = items["region"] ?? "us-east-1"
        let endpoint = items["endpoint"] ?? "https://s3.\(region).amazonaws.com"
        guard let url = URLComponents(string: endpoint), let host = url.host, !host.isEmpty,
            ["http", "https"].contains(url.scheme), ["", "/"].contains(url.path), url.query == nil
        else { return nil }
        let prefix = parts.path.split(separator: "/").map { $0 + "/" }.joined()
        // Nothing that would have to be encoded: what is signed is then what is sent.
        guard (bucket + prefix + region).utf8.allSatisfy(Self.isPlain), !prefix.contains("./") else { return nil }
        self.host = url.port.map { "\(host):\($0)" } ?? host
        self.endpoint = "\(url.scheme ?? "https")://\(self.host)"
        (self.bucket, self.prefix, self.region) = (bucket, prefix, region)
        self.base = "/\(bucket)/\(prefix)"
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "/"):
            true
        default: false
        }
    }
}
