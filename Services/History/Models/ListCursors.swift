import ChatAPI

/// The last chatroom seen of a chat list: `<milliseconds of its newest message>.<chatroom id>`.
struct ChatListCursor: LosslessStringConvertible, Hashable, Sendable {
    let milliseconds: Int64
    let chatroom: Int64

    /// Before every chatroom.
    static let start = ChatListCursor(milliseconds: ChatroomID.allowed.upperBound, chatroom: 0)

    init(milliseconds: Int64, chatroom: Int64) {
        self.milliseconds = milliseconds
        self.chatroom = chatroom
    }

    init?(_ description: String) {
        guard let parts = numbers(in: description, count: 2) else { return nil }
        self.init(milliseconds: parts[0], chatroom: parts[1])
    }

    var description: String { "\(self.milliseconds).\(self.chatroom)" }
}

/// The last favorite seen of a list: `<milliseconds when it was kept>.<chatroom id>.<seq>`.
struct FavoriteCursor: LosslessStringConvertible, Hashable, Sendable {
    let milliseconds: Int64
    let chatroom: Int64
    let seq: Seq

    /// Before every favorite.
    static let start = FavoriteCursor(milliseconds: ChatroomID.allowed.upperBound, chatroom: 0, seq: 0)

    init(milliseconds: Int64, chatroom: Int64, seq: Seq) {
        self.milliseconds = milliseconds
        self.chatroom = chatroom
        self.seq = seq
    }

    init?(_ description: String) {
        guard let parts = numbers(in: description, count: 3) else { return nil }
        self.init(milliseconds: parts[0], chatroom: parts[1], seq: parts[2])
    }

    var description: String { "\(self.milliseconds).\(self.chatroom).\(self.seq)" }
}

/// The last message found by a search: `<milliseconds when it was sent>.<chatroom id>.<seq>`.
struct SearchCursor: LosslessStringConvertible, Hashable, Sendable {
    let milliseconds: Int64
    let chatroom: Int64
    let seq: Seq

    init(_ message: Entry) {
        self.milliseconds = message.createdAt.milliseconds
        self.chatroom = message.chatroom.rawValue
        self.seq = message.seq
    }

    init?(_ description: String) {
        guard let parts = numbers(in: description, count: 3) else { return nil }
        (self.milliseconds, self.chatroom, self.seq) = (parts[0], parts[1], parts[2])
    }

    var description: String { "\(self.milliseconds).\(self.chatroom).\(self.seq)" }
}

/// Numbers with points between, each 0 or of the form of an id.
private func numbers(in text: String, count: Int) -> [Int64]? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == count else { return nil }
    let numbers = parts.compactMap { $0 == "0" ? 0 : ChatroomID(String($0))?.rawValue }
    return numbers.count == count ? numbers : nil
}
