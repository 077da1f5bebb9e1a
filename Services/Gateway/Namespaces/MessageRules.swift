import ChatAPI
import ServiceKit

/// What a message must be before History is asked to store it. `\u0000` and lone surrogates are refused before that, in
/// reading (``StrictJSON``).
struct MessageRules: Sendable {
    /// Unicode scalars, as PostgreSQL counts characters.
    var maxCharacters = 4_000
    static var maxMentions: Int { 200 }

    /// - Throws: ``RequestError/invalid(fields:)`` that names every wrong field.
    func check(_ message: MessageBody) throws(RequestError) {
        var fields: [String: String] = [:]
        if message.content.unicodeScalars.count > self.maxCharacters {
            fields["message.content"] = "is longer than \(self.maxCharacters) characters"
        }
        switch message.type {
        case .text:
            if message.content.isEmpty { fields["message.content"] = "is empty" }
            if message.mediaId != nil { fields["message.mediaId"] = "is for images and files" }
        case .image, .file:
            if message.mediaId == nil { fields["message.mediaId"] = "is missing" }
        }
        if let target = message.replyTo, target < 1 { fields["message.replyTo"] = "is not a seq" }
        if let mentions = message.mentions, mentions.count > Self.maxMentions {
            fields["message.mentions"] = "has more than \(Self.maxMentions) users"
        }
        if !fields.isEmpty { throw .invalid(fields: fields) }
    }
}
