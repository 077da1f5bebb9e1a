import ChatAPI
import Foundation
import NIOCore
import ServiceKit

/// The calls that a storm makes for everybody who comes, put together and read by hand, as History and Social write their
/// answers: keys in order and without space. Of anything else the readers make `nil`: that is for the decoder.
enum ViewReader {
    /// ``LookupViews`` and ``LookupMemberships``.
    static func question(about users: [UserID]) -> ByteBuffer {
        var text = ByteBuffer()
        text.reserveCapacity(users.count * 12 + 16)
        text.writeStaticString("{\"userIds\":[")
        for (place, user) in users.enumerated() {
            if place > 0 { text.writeStaticString(",") }
            text.writeString(user.description)
        }
        text.writeStaticString("]}")
        return text
    }

    /// The `position` of a ``LookupMemberships/Answer``; whose memberships come behind it is not looked at.
    static func position(in answer: [UInt8]) -> Int64? {
        var text = JSONReader(answer)
        guard text.take("{\"epoch\":"), text.string() != nil, text.take(",\"position\":"),
            let position = text.integer(),
            text.take(",\"users\":")
        else { return nil }
        return position
    }

    static func views(in answer: [UInt8]) -> LookupViews.Answer? {
        var text = JSONReader(answer)
        guard text.take("{\"epoch\":"), let epoch = text.string().flatMap({ UUID(uuidString: $0) }),
            text.take(",\"position\":"), let position = text.integer(), text.take(",\"users\":"),
            let users = text.array({ Self.user(&$0) }), text.take("}"), text.isAtEnd
        else { return nil }
        return LookupViews.Answer(epoch: epoch, position: position, users: users)
    }

    private static func user(_ text: inout JSONReader) -> UserViews? {
        guard text.take("{\"chatrooms\":"), let chatrooms = text.array({ Self.chatroom(&$0) }), text.take(",\"id\":"),
            let id = text.integer().flatMap({ UserID(rawValue: $0) }), text.take("}")
        else { return nil }
        return UserViews(id: id, chatrooms: chatrooms)
    }

    private static func chatroom(_ text: inout JSONReader) -> ChatroomView? {
        guard text.take("{\"from\":"), let from = text.integer(), text.take(",\"head\":"), let head = text.integer(),
            text.take(",\"id\":"), let id = text.integer().flatMap({ ChatroomID(rawValue: $0) }),
            text.take(",\"joined\":"), let joined = text.integer(), text.take("}")
        else { return nil }
        return ChatroomView(id: id, head: head, from: from, joined: joined)
    }
}
