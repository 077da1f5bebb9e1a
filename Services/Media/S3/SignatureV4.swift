import Crypto
import Foundation

/// AWS Signature Version 4 for one request to S3, whose path is encoded once
/// (https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html).
struct SignatureV4: Sendable {
    let credentials: S3Credentials
    let region: String

    /// - Parameters:
    ///   - path: as it is in the request line, encoded.
    ///   - query: not encoded, in any order.
    ///   - headers: those that are signed, `host` and `x-amz-date` among them.
    /// - Returns: `Authorization`.
    func authorization(
        _ method: String, _ path: String, query: [(String, String)], headers: [(String, String)], payload: String,
        date: Date
    ) -> String {
        let signed = headers.map { ($0.0.lowercased(), Self.trimmed($0.1)) }.sorted { $0.0 < $1.0 }
        let names = signed.map(\.0).joined(separator: ";")
        let request = [
            method, path, Self.encoded(query), signed.map { "\($0.0):\($0.1)\n" }.joined(), names, payload,
        ].joined(separator: "\n")
        let scope = "\(Self.day(date))/\(self.region)/s3/aws4_request"
        let text = ["AWS4-HMAC-SHA256", Self.time(date), scope, Self.hex(SHA256.hash(data: Data(request.utf8)))]
            .joined(separator: "\n")
        let signature = Self.hex(Self.code(text, under: self.key(on: date)))
        return
            "AWS4-HMAC-SHA256 Credential=\(self.credentials.id)/\(scope),SignedHeaders=\(names),Signature=\(signature)"
    }

    private func key(on date: Date) -> SymmetricKey {
        [Self.day(date), self.region, "s3", "aws4_request"]
            .reduce(SymmetricKey(data: Data("AWS4\(self.credentials.secret)".utf8))) { key, part in
                SymmetricKey(data: Self.code(part, under: key))
            }
    }

    /// Encoded and in order, as it is signed and as it is sent.
    static func encoded(_ query: [(String, String)]) -> String {
        query.map { (FileName.percentEncoded($0.0), FileName.percentEncoded($0.1)) }.sorted { $0 < $1 }
            .map { "\($0.0)=\($0.1)" }.joined(separator: "&")
    }

    /// `20130524T000000Z`.
    static func time(_ date: Date) -> String {
        let parts = UTCParts(date)
        return "\(Self.day(date))T\(parts.two(parts.hour))\(parts.two(parts.minute))\(parts.two(parts.second))Z"
    }

    private static func day(_ date: Date) -> String {
        let parts = UTCParts(date)
        return "\(parts.year)\(parts.two(parts.month))\(parts.two(parts.day))"
    }

    static func hex(_ bytes: some Sequence<UInt8>) -> String { ContentHash(Array(bytes)).description }

    private static func code(_ text: String, under key: SymmetricKey) -> HMAC<SHA256>.MAC {
        HMAC<SHA256>.authenticationCode(for: Data(text.utf8), using: key)
    }

    private static func trimmed(_ value: String) -> String {
        value.split(separator: " ").joined(separator: " ")
    }
}

/// By whom requests are signed. Prints without the secret.
struct S3Credentials: Sendable, CustomStringConvertible, CustomReflectable {
    let id: String
    let secret: String
    /// Of credentials that hold for a while.
    var sessionToken: String?

    var description: String { self.id }
    var customMirror: Mirror { Mirror(self, children: ["id": self.id]) }
}
