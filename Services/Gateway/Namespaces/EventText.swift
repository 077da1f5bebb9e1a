import ChatAPI
import Foundation
import ServiceKit

/// The text of events and acknowledgements as clients get it.
enum EventText {
    /// `["name",{…}]`.
    static func make(_ name: String, _ payload: some Encodable) -> String { "[\"\(name)\",\(self.json(payload))]" }

    static func json(_ payload: some Encodable) -> String {
        do {
            return String(decoding: try JSONEncoder.teahouse.encode(payload), as: UTF8.self)
        } catch {
            preconditionFailure("our own events can be encoded: \(error)")
        }
    }
}

/// The payload of `ready`.
struct ReadyEvent: Encodable {
    struct Chatroom: Encodable {
        var id: ChatroomID
        var head: Seq
        var from: Seq
        /// `true` or left out.
        var behind: Bool?
    }

    var user: UserID
    @Lowercase var session: SessionID
    @Lowercase var epoch: UUID
    var node: String
    var chatrooms: [Chatroom]
}

/// The payload of `bye`, before a planned close.
struct ByeEvent: Encodable {
    enum Reason: String, Encodable {
        /// The node ends: come back to another.
        case drain
        /// More waited for the client than may. Best effort: it comes last.
        case slow
        case revoked
        /// The logs are those of another epoch: everything held of the old one is void.
        case replaced
        case tokenExpires = "token_expires"
    }

    var reason: Reason
    /// Seconds.
    var retryAfter: Int
}
