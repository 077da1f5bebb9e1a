import ChatAPI

/// What a message must be: asked by the Gateway before it bothers History, and by History before it stores.
///
/// Lone surrogates are refused before that, in reading (``StrictJSON``).
package struct MessageRules: Sendable {
    /// As people count: a character may be many code points long.
    package var maxCharacters: Int
    /// Whatever the characters are.
    private static let maxContentBytes = 65_536
    private static let maxMentions = 100

    package init(maxCharacters: Int) { self.maxCharacters = maxCharacters }

    /// - Throws: ``RequestError/invalid(fields:)`` that names every wrong field.
    package func check(_ message: MessageBody) throws(RequestError) {
        var fields: [String: String] = [:]
        fields["message.content"] = self.problem(with: message.content)
        switch message.type {
        case .text:
            if message.content.isEmpty { fields["message.content"] = "is empty" }
            if message.mediaId != nil { fields["message.mediaId"] = "is for images and files" }
        case .image, .file:
            if message.mediaId == nil { fields["message.mediaId"] = "is missing" }
        }
        if let target = message.replyTo, !ChatroomID.allowed.contains(target) {
            fields["message.replyTo"] = "is not a seq"
        }
        if let mentions = message.mentions, mentions.count > Self.maxMentions {
            fields["message.mentions"] = "has more than \(Self.maxMentions) users"
        }
        if !fields.isEmpty { throw .invalid(fields: fields) }
    }

    /// What a message says after an edit.
    ///
    /// - Throws: ``RequestError/invalid(fields:)``.
    package func check(edited content: String) throws(RequestError) {
        if let problem = content.isEmpty ? "is empty" : self.problem(with: content) {
            throw .invalid("content", problem)
        }
    }

    private func problem(with content: String) -> String? {
        let bytes = content.utf8
        if bytes.contains(0) { return "contains \\u0000" }
        // Characters are counted slowly; there are never more of them than bytes.
        if bytes.count <= self.maxCharacters { return nil }
        guard bytes.count <= Self.maxContentBytes, content.count <= self.maxCharacters else {
            return "is longer than \(self.maxCharacters) characters"
        }
        return nil
    }
}
