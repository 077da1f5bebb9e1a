import ChatAPI
import Foundation
import ServiceKit

/// The payload of `sendMessage`, ``SendMessage``: read as far as it is judged here.
extension OutgoingMessage {
    /// - Throws: ``RequestError/invalid(fields:)``.
    init(_ payload: JSONMembers, from sender: UserID, by rules: MessageRules) throws(RequestError) {
        let chatroom = try payload.required("chatroomId", try payload.integer("chatroomId"))
        let clientId = try payload.required("clientId", try payload.string("clientId"))
        let message = try payload.required("message", try payload.members("message"))
        guard let chatroom = ChatroomID(rawValue: chatroom) else {
            throw payload.refusal(of: "chatroomId", "is not valid")
        }
        guard let clientId = UUID(uuidString: clientId) else { throw payload.refusal(of: "clientId", "is not valid") }
        try rules.check(MessageBody(message))
        // What was judged, and nothing else: it goes into one call with what others say.
        let body = message.object(of: ["type", "content", "mediaId", "replyTo", "mentions"])
        self.init(sender: sender, chatroom: chatroom, clientId: clientId, body: body)
    }
}

extension MessageBody {
    fileprivate init(_ members: JSONMembers) throws(RequestError) {
        let type = try members.required("type", try members.string("type"))
        guard let type = MessageType(rawValue: type) else { throw members.refusal(of: "type", "is not valid") }
        self.init(
            type: type, content: try members.required("content", try members.string("content")),
            mediaId: try members.value(MediaID.self, "mediaId"), replyTo: try members.integer("replyTo"),
            mentions: try members.value([UserID].self, "mentions"))
    }
}
