import ChatAPI
import Foundation

/// Reads `POST /internal/messages` as Gateways write it, without space and with nothing unknown, in a tenth of a decoder's
/// time. Of anything else it makes nothing: that is for the decoder, which also says what is wrong.
struct AppendReader {
    private let bytes: [UInt8]
    private var place = 0

    /// `nil` where the text is not of that form.
    static func items(in bytes: [UInt8]) -> [AppendMessages.Item]? {
        var reader = AppendReader(bytes: bytes)
        guard let items = reader.items(), reader.place == bytes.count else { return nil }
        return items
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func items() -> [AppendMessages.Item]? {
        guard self.take("{\"messages\":[") else { return nil }
        var items: [AppendMessages.Item] = []
        if self.take("]}") { return items }
        repeat {
            guard let item = self.item() else { return nil }
            items.append(item)
        } while self.take(",")
        return self.take("]}") ? items : nil
    }

    private mutating func item() -> AppendMessages.Item? {
        guard self.take("{\"senderId\":"), let sender = self.integer().flatMap({ UserID(rawValue: $0) }),
            self.take(",\"chatroomId\":"), let chatroom = self.integer().flatMap({ ChatroomID(rawValue: $0) }),
            self.take(",\"clientId\":"), let clientId = self.string().flatMap({ UUID(uuidString: $0) }),
            self.take(",\"message\":"), let message = self.message(), self.take("}")
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
        guard self.take("{") else { return nil }
        repeat {
            guard let key = self.string(), self.take(":") else { return nil }
            switch key {
            case "type":
                guard type == nil, let value = self.string().flatMap({ MessageType(rawValue: $0) }) else { return nil }
                type = value
            case "content":
                guard content == nil, let value = self.string() else { return nil }
                content = value
            case "mediaId":
                guard mediaId == nil, let value = self.string().flatMap({ UUID(uuidString: $0) }) else { return nil }
                mediaId = value
            case "replyTo":
                guard replyTo == nil, let value = self.integer() else { return nil }
                replyTo = value
            case "mentions":
                guard mentions == nil, let value = self.users() else { return nil }
                mentions = value
            default: return nil
            }
        } while self.take(",")
        guard self.take("}"), let type, let content else { return nil }
        return MessageBody(type: type, content: content, mediaId: mediaId, replyTo: replyTo, mentions: mentions)
    }

    private mutating func users() -> [UserID]? {
        guard self.take("[") else { return nil }
        var users: [UserID] = []
        if self.take("]") { return users }
        repeat {
            guard let user = self.integer().flatMap({ UserID(rawValue: $0) }) else { return nil }
            users.append(user)
        } while self.take(",")
        return self.take("]") ? users : nil
    }

    private mutating func take(_ text: StaticString) -> Bool {
        let end = self.place + text.utf8CodeUnitCount
        guard end <= self.bytes.count,
            self.bytes[self.place..<end].elementsEqual(
                UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
        else { return false }
        self.place = end
        return true
    }

    /// Digits alone, the first of several not 0.
    private mutating func integer() -> Int64? {
        let start = self.place
        var value: Int64 = 0
        while self.place < self.bytes.count, self.place - start < 18,
            case let digit = self.bytes[self.place], (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit)
        {
            value = value * 10 + Int64(digit - UInt8(ascii: "0"))
            self.place += 1
        }
        let count = self.place - start
        return count == 0 || (count > 1 && self.bytes[start] == UInt8(ascii: "0")) ? nil : value
    }

    /// One with escapes is left to the decoder, alone.
    private mutating func string() -> String? {
        guard self.take("\"") else { return nil }
        let start = self.place
        var isEscaped = false
        while self.place < self.bytes.count {
            let byte = self.bytes[self.place]
            self.place += 1
            switch byte {
            case UInt8(ascii: "\""):
                if isEscaped {
                    return try? JSONDecoder().decode(String.self, from: Data(self.bytes[start - 1..<self.place]))
                }
                return String(validating: self.bytes[start..<self.place - 1], as: UTF8.self)
            case UInt8(ascii: "\\"):
                isEscaped = true
                self.place += 1
            case ..<0x20: return nil
            default: break
            }
        }
        return nil
    }
}
