import ChatAPI
import ServiceKit

/// What somebody looks for among the messages they may see.
struct SearchQuery: Hashable, Sendable {
    private static let maxCharacters = 200

    /// What each message found says, every character of it as it stands, in whatever case.
    let words: [String]
    let chatroom: ChatroomID?
    let sender: UserID?
    let type: MessageType?
    /// Sent before, and sent at or after.
    let before: Timestamp?
    let after: Timestamp?

    /// - Throws: ``RequestError/invalid(fields:)``, also where there is nothing to look for.
    init(query: Query) throws(RequestError) {
        let text = query.text("query") ?? ""
        guard text.count <= Self.maxCharacters, text.utf8.count <= 4 * Self.maxCharacters else {
            throw .invalid("query", "is longer than \(Self.maxCharacters) characters")
        }
        self.words = text.split(whereSeparator: \.isWhitespace).map(String.init)
        guard !self.words.isEmpty else { throw .invalid("query", "is missing") }
        self.chatroom = try query.value("chatroomId")
        self.sender = try query.value("from")
        self.before = try query.value("before")
        self.after = try query.value("after")
        let type = query.text("type")
        self.type = type.flatMap(MessageType.init(rawValue:))
        if type != nil && self.type == nil { throw .invalid("type", "is none of text, image, file") }
    }
}

extension Timestamp: LosslessStringConvertible {}
