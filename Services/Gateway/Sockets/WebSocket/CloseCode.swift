/// Why a WebSocket ends (RFC 6455 §7.4).
struct CloseCode: RawRepresentable, Hashable, Sendable {
    let rawValue: UInt16

    static let normal = CloseCode(rawValue: 1000)
    static let goingAway = CloseCode(rawValue: 1001)
    static let protocolError = CloseCode(rawValue: 1002)
    static let notUTF8 = CloseCode(rawValue: 1007)
    static let policyViolation = CloseCode(rawValue: 1008)
    static let tooLarge = CloseCode(rawValue: 1009)
    /// The server restarts; come back.
    static let serviceRestart = CloseCode(rawValue: 1012)

    /// Whether a peer may send it: the reserved ones exist in no frame.
    var isAllowedOnTheWire: Bool {
        switch self.rawValue {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }
}
