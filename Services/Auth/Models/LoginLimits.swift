import Foundation

/// How often a wrong password may be tried.
struct LoginLimits: Sendable {
    var perAccount = 5
    var perAddress = 20
    var window: Duration = .seconds(15 * 60)

    /// What failures from an address count under: itself, or of IPv6 its first 64 bits, as who has one address there has
    /// all that begin so (RFC 6177 §2).
    static func source(of address: String) -> String {
        var bytes = [UInt8](repeating: 0, count: 16)
        guard address.contains(":"), inet_pton(AF_INET6, address, &bytes) == 1 else { return address }
        if bytes.prefix(12) == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF] {
            return bytes.suffix(4).map(String.init).joined(separator: ".")
        }
        return bytes.prefix(8).map { String(format: "%02x", $0) }.joined() + "/64"
    }
}
