import ChatAPI
import Crypto
import Foundation
import ServiceKit

/// A message that may be stored: its form is right; whether its sender may write there is known only under the
/// chatroom's lock.
struct MessageDraft: Sendable, Hashable {
    let chatroom: ChatroomID
    let sender: UserID
    let clientId: UUID
    /// As sent, but without doubled mentions.
    let body: MessageBody
    /// Of ``body`` as first sent: by it a repetition is told from another message with the same client id.
    let digest: [UInt8]

    /// - Throws: ``RequestError/invalid(fields:)``: what is wrong with the form.
    init(_ item: AppendMessages.Item, by rules: MessageRules) throws(RequestError) {
        try rules.check(item.message)
        self.chatroom = item.chatroomId
        self.sender = item.senderId
        self.clientId = item.clientId
        self.body = Self.withoutDoubledMentions(item.message)
        self.digest = Self.digest(of: self.body)
    }

    private static func withoutDoubledMentions(_ message: MessageBody) -> MessageBody {
        var message = message
        if let mentions = message.mentions {
            var seen: Set<UserID> = []
            message.mentions = mentions.isEmpty ? nil : mentions.filter { seen.insert($0).inserted }
        }
        return message
    }

    /// SHA-256 over a form of the body that depends on nothing but what was said. It is compared for ever: a change of
    /// this function makes every repetition of an older message a conflict.
    private static func digest(of body: MessageBody) -> [UInt8] {
        var hash = SHA256()
        func part(_ text: String?) {
            // A length before each part: no two different bodies run together into one.
            hash.update(data: Array("\(text?.utf8.count ?? -1):\(text ?? "")".utf8))
        }
        part(body.type.rawValue)
        part(body.content)
        part(body.mediaId?.uuidString)
        part(body.replyTo.map(String.init))
        part(body.mentions.map { $0.map(\.description).joined(separator: ",") })
        return Array(hash.finalize())
    }
}
