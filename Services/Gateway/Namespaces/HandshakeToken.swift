import Foundation
import NIOHTTP1
import ServiceKit
import Sockets

/// The token that a handshake bears in its headers, for a CONNECT that brings none. With both carriers the header counts.
final class HandshakeToken: Visitor {
    let text: String
    let carrier: Credentials.Carrier

    init?(_ handshake: Handshake) {
        if let token = Self.bearer(in: handshake.headers) {
            self.text = token
            self.carrier = .header
        } else if let token = TokenCookie.token(in: handshake.headers["cookie"]) {
            self.text = token
            self.carrier = .cookie
        } else {
            return nil
        }
    }

    /// The token of `Authorization: Bearer …`.
    private static func bearer(in headers: HTTPHeaders) -> String? {
        guard let value = headers.first(name: "authorization"), value.lowercased().hasPrefix("bearer ") else {
            return nil
        }
        return value.dropFirst("bearer ".count).trimmingCharacters(in: .whitespaces)
    }
}
