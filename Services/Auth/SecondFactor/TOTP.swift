import Crypto
import Foundation

/// Codes that follow from a secret and the time (RFC 6238, with what every app takes: SHA-1, 30 s, 6 digits).
struct TOTP: Sendable {
    let secret: Data

    static let period: TimeInterval = 30

    /// As long as the hash (RFC 4226 §4, R6).
    static func new() -> Self {
        Self(secret: SymmetricKey(size: SymmetricKeySize(bitCount: 160)).withUnsafeBytes { Data($0) })
    }

    static func step(at date: Date) -> Int64 { Int64((date.timeIntervalSince1970 / Self.period).rounded(.down)) }

    func code(at step: Int64, digits: Int = 6) -> String {
        let counter = withUnsafeBytes(of: step.bigEndian) { Data($0) }
        let hash = Array(HMAC<Insecure.SHA1>.authenticationCode(for: counter, using: SymmetricKey(data: self.secret)))
        // RFC 4226 §5.3, dynamic truncation.
        let offset = Int(hash[19] & 0x0F)
        let number = hash[offset..<offset + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } & 0x7FFF_FFFF
        let text = String(Int(number) % (0..<digits).reduce(1) { power, _ in power * 10 })
        return String(repeating: "0", count: digits - text.count) + text
    }

    /// Which step a code is of, if it holds now: a clock may be one step off, and no step at or before `last` counts.
    func step(of code: String, at date: Date, after last: Int64) -> Int64? {
        let now = Self.step(at: date)
        return (now - 1...now + 1).first { $0 > last && self.code(at: $0) == code }
    }

    /// The secret as apps take it when it is typed.
    var text: String { Base32.encode(self.secret) }

    /// What apps read from a picture (`otpauth`, as Google Authenticator has defined it).
    func url(for username: String) -> String {
        "otpauth://totp/Teahouse:\(username)?secret=\(self.text)&issuer=Teahouse"
    }
}

/// RFC 4648 §6, without padding.
enum Base32 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")

    static func encode(_ data: Data) -> String {
        var text = ""
        var bits = 0
        var buffer: UInt32 = 0
        for byte in data {
            buffer = buffer << 8 | UInt32(byte)
            bits += 8
            while bits >= 5 {
                bits -= 5
                text.append(Self.alphabet[Int(buffer >> UInt32(bits) & 31)])
            }
            buffer &= (1 << UInt32(bits)) - 1
        }
        if bits > 0 { text.append(Self.alphabet[Int(buffer << UInt32(5 - bits) & 31)]) }
        return text
    }
}
