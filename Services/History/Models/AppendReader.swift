import ChatAPI
import Foundation
import ServiceKit

/// Reads `POST /internal/messages` as Gateways write it, without space and with nothing unknown, in a tenth of a decoder's
/// time. Of anything else it makes nothing: that is for the decoder, which also says what is wrong.
struct AppendReader {
    private var text: JSONReader

    /// `nil` where the text is not of that form.
    static func items(in bytes: [UInt8]) -> [AppendMessages.Item]? {
        var reader = AppendReader(bytes: bytes)
        guard let items = reader.items(), reader.text.isAtEnd else { return nil }
        return items
    }

    private init(bytes: [UInt8]) { self.text = JSONReader(bytes) }

    private mutating func items() -> [AppendMessages.Item]? {
        guard self.text.take("{\"messages\":[") else { return nil }
        var items: [AppendMessages.Item] = []
        if self.text.take("]}") { return items }
        repeat {
            guard let item = self.item() else { return nil }
            items.append(item)
        } while self.text.take(",")
        return self.text.take("]}") ? items : nil
    }

    private mutating func item() -> AppendMessages.Item? {
        guard self.text.take("{\"senderId\":"), let sender = self.text.integer().flatMap({ UserID(rawValue: $0) }),
            self.text.take(",\"chatroomId\":"),
            let chatroom = self.text.integer().flatMap({ ChatroomID(rawValue: $0) }),
            self.text.take(",\"clientId\":"), let clientId = self.text.string().flatMap({ UUID(uuidString: $0) }),
            self.text.take(",\"message\":"), let message = self.message(), self.text.take("}")
        else { return nil }
        return AppendMessages.Item(senderId: sender, chatroomId: chatroom, clientId: clientId, message: message)
    }

    /// Its members in whatever order; `nil` also where one comes twice.
    private mutating func message() -> MessageBody? {
        var type: MessageType?
        var content: String?
        var mediaId: MediaID?
        var replyTo: Seq?
        var mentions: [UserID]?
        guard self.text.take("{") else { return nil }
        repeat {
            guard let key = self.text.string(), self.text.take(":") else { return nil }
            switch key {
            case "type":
                guard type == nil, let value = self.text.string().flatMap({ MessageType(rawValue: $0) }) else {
                    return nil
                }
                type = value
            case "content":
                guard content == nil, let value = self.text.string() else { return nil }
                content = value
            case "mediaId":
                guard mediaId == nil, let value = self.text.string().flatMap({ UUID(uuidString: $0) }) else {
                    return nil
                }
                mediaId = value
            case "replyTo":
                guard replyTo == nil, let value = self.text.integer() else { return nil }
                replyTo = value
            case "mentions":
                guard mentions == nil, let value = self.text.users() else { return nil }
                mentions = value
            default: return nil
            }
        } while self.text.take(",")
        guard self.text.take("}"), let type, let content else { return nil }
        return MessageBody(type: type, content: content, mediaId: mediaId, replyTo: replyTo, mentions: mentions)
    }
}
