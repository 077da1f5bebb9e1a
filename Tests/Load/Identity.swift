import ChatAPI
import Crypto
import Foundation
import ServiceKit

/// The people of a load test. Nobody has to tell the stub who is in which chatroom: a user's id names it.
enum Crowd {
    /// Of a user's id, which number in the chatroom they are.
    private static var bits: Int64 { 20 }
    static let maxMembers = 1 << 20
    static let maxChatrooms = 1 << 30

    static func user(_ number: Int, in chatroom: ChatroomID) -> UserID {
        UserID(chatroom.rawValue << Self.bits | Int64(number + 1))
    }

    /// Numbers 0 and 1 are friends, 2 and 3, and so on.
    static func friend(of user: UserID) -> UserID { UserID(((user.rawValue - 1) ^ 1) + 1) }

    /// The one chatroom the user is in.
    static func chatroom(of user: UserID) -> ChatroomID? { ChatroomID(rawValue: user.rawValue >> Self.bits) }
}

/// What makes Gateways believe this load test and nobody else: from one secret come the key that signs tokens and the
/// keys by which services know each other.
struct Secret: Sendable {
    let text: String

    init(_ text: String) { self.text = text }

    static func random() -> Secret {
        var generator = SystemRandomNumberGenerator()
        return Secret(Base64URL.encode((0..<24).map { _ in UInt8.random(in: .min ... .max, using: &generator) }))
    }

    private func derive(_ purpose: String) -> [UInt8] { Array(SHA256.hash(data: Data("\(purpose):\(self.text)".utf8))) }

    var signer: TokenSigner {
        get throws { try TokenSigner(kid: "loadtest", seed: self.derive("tokens")) }
    }

    /// As Auth's configuration takes it.
    var signingKeys: String { "loadtest:\(Base64URL.encode(self.derive("tokens")))" }

    func serviceKey(of caller: String) -> String { Base64URL.encode(self.derive("service \(caller)")) }

    /// As a service's environment takes them.
    var serviceKeys: String {
        ServiceKeys.callers.map { "\($0)=\(self.serviceKey(of: $0))" }.joined(separator: ",")
    }
}
