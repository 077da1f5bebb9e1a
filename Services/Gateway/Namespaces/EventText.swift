import ChatAPI
import Foundation
import ServiceKit
import SocketIO

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

/// `ready`. Everybody is sent one in a storm, so it is written without an encoder.
struct ReadyEvent {
    var user: UserID
    var session: SessionID
    var epoch: UUID
    var node: String
    var chatrooms: [ReplayPlan.Chatroom]

    /// `["ready",{…}]`.
    var text: String {
        let chatrooms = self.chatrooms.map { chatroom in
            let view = chatroom.view
            let behind = chatroom.isBehind ? ",\"behind\":true" : ""
            return "{\"id\":\(view.id),\"head\":\(view.head),\"from\":\(view.from)\(behind)}"
        }
        return """
            ["ready",{"user":\(self.user),"session":"\(self.session.uuidString.lowercased())",\
            "epoch":"\(self.epoch.uuidString.lowercased())","node":\(JSONText.quoted(self.node)),\
            "chatrooms":[\(chatrooms.joined(separator: ","))]}]
            """
    }
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
