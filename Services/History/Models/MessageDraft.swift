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
    init(_ item: AppendMessages.Item, maxCharacters: Int) throws(RequestError) {
        self.chatroom = item.chatroomId
        self.sender = item.senderId
        self.clientId = item.clientId
        self.body = try Self.checked(item.message, maxCharacters: maxCharacters)
        self.digest = Self.digest(of: self.body)
    }

    private static let maxMentions = 100
    /// A character may be many code points long; the event that carries them all is not longer than this.
    private static let maxContentBytes = 65_536

    static func check(_ content: String, in field: String, maxCharacters: Int) throws(RequestError) {
        guard !content.utf8.contains(0) else { throw RequestError.invalid(field, "contains \\u0000") }
        guard content.utf8.count <= self.maxContentBytes, content.count <= maxCharacters else {
            throw RequestError.invalid(field, "longer than \(maxCharacters) characters")
        }
    }

    private static func checked(_ message: MessageBody, maxCharacters: Int) throws(RequestError) -> MessageBody {
        var message = message
        try self.check(message.content, in: "message.content", maxCharacters: maxCharacters)
        switch message.type {
        case .text:
            guard !message.content.isEmpty else { throw RequestError.invalid("message.content", "empty") }
            guard message.mediaId == nil else { throw RequestError.invalid("message.mediaId", "not for a text") }
        case .image, .file:
            guard message.mediaId != nil else { throw RequestError.invalid("message.mediaId", "missing") }
        }
        if let replyTo = message.replyTo, !ChatroomID.allowed.contains(replyTo) {
            throw RequestError.invalid("message.replyTo", "not a seq")
        }
        if let mentions = message.mentions {
            var seen: Set<UserID> = []
            let distinct = mentions.filter { seen.insert($0).inserted }
            guard distinct.count <= self.maxMentions else {
                throw RequestError.invalid("message.mentions", "more than \(self.maxMentions)")
            }
            message.mentions = distinct.isEmpty ? nil : distinct
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
