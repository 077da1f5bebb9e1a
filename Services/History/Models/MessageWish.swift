import ChatAPI
import ServiceKit

/// What somebody wants to become of a message. It is absolute: wanting it twice is wanting it once.
enum MessageWish: Hashable, Sendable {
    case edit(String)
    case recall
    case react(Emoji)
    case unreact(Emoji)
}

/// What people react with: one grapheme of at most 32 bytes, and not a space.
struct Emoji: Hashable, Sendable {
    let text: String

    /// - Throws: ``RequestError/invalid(fields:)``.
    init(_ text: String) throws(RequestError) {
        guard text.count == 1, text.utf8.count <= 32, text.first?.isWhitespace == false, !text.utf8.contains(0) else {
            throw .invalid("emoji", "is not one character of at most 32 bytes")
        }
        self.text = text
    }
}
