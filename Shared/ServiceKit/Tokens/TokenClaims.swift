import ChatAPI
import Foundation

/// What an access token says (RFC 7519): whose it is, of which session, and how long it holds.
package struct TokenClaims: Hashable, Sendable {
    package var user: UserID
    package var session: SessionID
    package var issuedAt: Timestamp
    package var expiresAt: Timestamp

    package init(user: UserID, session: SessionID, issuedAt: Timestamp, expiresAt: Timestamp) {
        self.user = user
        self.session = session
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
    }

    package static let issuer = "teahouse"
    package static let audience = "teahouse"
}

/// The claims as the token carries them. Times are whole seconds.
struct TokenPayload: Codable {
    var iss: String
    var aud: String
    var sub: String
    var sid: UUID
    var iat: Int64
    var exp: Int64
    var nbf: Int64?
}

struct TokenHeader: Codable {
    var alg: String
    var kid: String
    var typ: String?
}

/// Base64 without padding in the alphabet of URLs (RFC 4648 §5), as JSON Web Tokens use it; strict in reading.
package enum Base64URL {
    package static func encode(_ bytes: some Sequence<UInt8>) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    package static func decode(_ text: some StringProtocol) -> [UInt8]? { self.decode(text.utf8) }

    static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count * 3 / 4)
        var bits: UInt32 = 0
        var count = 0
        for character in text {
            let value: UInt8
            switch character {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = character - UInt8(ascii: "A")
            case UInt8(ascii: "a")...UInt8(ascii: "z"): value = character - UInt8(ascii: "a") + 26
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = character - UInt8(ascii: "0") + 52
            case UInt8(ascii: "-"): value = 62
            case UInt8(ascii: "_"): value = 63
            default: return nil
            }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> count))
                bits &= (1 << count) - 1
            }
        }
        // What is left over is less than a byte and zero: one value has one text.
        return count < 6 && bits == 0 ? bytes : nil
    }
}
