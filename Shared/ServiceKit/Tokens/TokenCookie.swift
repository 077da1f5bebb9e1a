import ChatAPI
import Foundation
import HTTPTypes
import Hummingbird

/// The second carrier of an access token, for browsers: a cookie that no script can read, and that no request from
/// another site brings along.
package enum TokenCookie {
    package static let name = "token"

    /// The token of a `Cookie` header; `nil` also where there are two, as one may have been planted.
    package static func token(in headers: [String]) -> String? {
        let values = headers.flatMap { $0.split(separator: ";") }.compactMap { pair -> Substring? in
            let pair = pair.trimmingPrefix(while: \.isWhitespace)
            guard pair.hasPrefix("\(Self.name)=") else { return nil }
            return pair.dropFirst(Self.name.utf8.count + 1)
        }
        guard values.count == 1, let value = values.first, !value.isEmpty else { return nil }
        return value.trimmingCharacters(in: .whitespaces)
    }

    /// A `Set-Cookie` that keeps a token of ours until it expires.
    package static func setting(_ token: String, secure: Bool) -> String {
        let expiry = Self.expiry(of: token).map { "; Expires=\(Self.httpDate($0))" } ?? ""
        return "\(Self.name)=\(token); Path=/; HttpOnly; SameSite=Strict\(expiry)\(secure ? "; Secure" : "")"
    }

    /// A `Set-Cookie` that removes it.
    package static func clearing(secure: Bool) -> String {
        "\(Self.name)=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0\(secure ? "; Secure" : "")"
    }

    /// When a token says that it expires. Its signature is not checked: for our own alone.
    private static func expiry(of token: String) -> Date? {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let bytes = Base64URL.decode(parts[1]),
            let payload = try? JSONDecoder().decode(TokenPayload.self, from: Data(bytes))
        else { return nil }
        return Date(timeIntervalSince1970: TimeInterval(payload.exp))
    }

    /// As RFC 9110 §5.6.7 writes times.
    private static func httpDate(_ date: Date) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return formatter.string(from: date)
    }
}

extension HTTPFields {
    /// Whether an answer says already what becomes of the cookie.
    var setTokenCookie: Bool { self[values: .setCookie].contains { $0.hasPrefix("\(TokenCookie.name)=") } }
}
