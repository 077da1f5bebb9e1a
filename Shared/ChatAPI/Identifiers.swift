import Foundation

/// A whole number that names something: greater than zero and below 2^53, so that JavaScript holds it exactly.
///
/// On the wire it is a JSON number; in a path or a query it is its decimal digits and nothing else.
package protocol NumericIdentifier: RawRepresentable, Hashable, Comparable, Codable, Sendable,
    LosslessStringConvertible,
    CodingKeyRepresentable
where RawValue == Int64 {
    /// Traps unless `rawValue` is in range; for numbers from outside use `init?(rawValue:)`.
    init(_ rawValue: Int64)
}

extension NumericIdentifier {
    package static var allowed: ClosedRange<Int64> { 1...((1 << 53) - 1) }

    package init?(rawValue: Int64) {
        guard Self.allowed.contains(rawValue) else { return nil }
        self.init(rawValue)
    }

    /// Parses ASCII decimal digits, without sign, spaces or leading zero.
    package init?(_ description: String) {
        let digits = description.utf8
        guard (1...16).contains(digits.count), digits.first != UInt8(ascii: "0"),
            digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let value = Int64(description)
        else { return nil }
        self.init(rawValue: value)
    }

    package var description: String { String(self.rawValue) }

    package static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let value = try container.decode(Int64.self)
        guard let id = Self(rawValue: value) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an id: \(value)")
        }
        self = id
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.rawValue)
    }

    package var codingKey: any CodingKey { IdentifierKey(stringValue: self.description) }

    package init?(codingKey: some CodingKey) { self.init(codingKey.stringValue) }
}

/// The key under which a dictionary keyed by identifiers keeps one, as in `{"17": 3}`.
private struct IdentifierKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { return nil }
}

/// Names a person.
package struct UserID: NumericIdentifier {
    package let rawValue: Int64

    package init(_ rawValue: Int64) {
        precondition(Self.allowed.contains(rawValue), "a user id is between 1 and 2^53 - 1")
        self.rawValue = rawValue
    }
}

/// Names a place where people talk, of type direct or group.
package struct ChatroomID: NumericIdentifier {
    package let rawValue: Int64

    package init(_ rawValue: Int64) {
        precondition(Self.allowed.contains(rawValue), "a chatroom id is between 1 and 2^53 - 1")
        self.rawValue = rawValue
    }
}

/// Names a request of one person to become another's friend.
package struct FriendRequestID: NumericIdentifier {
    package let rawValue: Int64

    package init(_ rawValue: Int64) {
        precondition(Self.allowed.contains(rawValue), "a friend request id is between 1 and 2^53 - 1")
        self.rawValue = rawValue
    }
}

/// The place of an entry in its chatroom's log: 1, 2, 3 … without a hole. 0 is "before the first".
package typealias Seq = Int64

/// Names one sign-in of a person on a device.
package typealias SessionID = UUID

/// Names an uploaded file. Random, so that it cannot be guessed; it still opens nothing by itself.
package typealias MediaID = UUID

/// Names a message by its place: `"<chatroomId>.<seq>"`.
package struct MessageID: Hashable, Codable, Sendable, LosslessStringConvertible {
    package let chatroom: ChatroomID
    package let seq: Seq

    package init(chatroom: ChatroomID, seq: Seq) {
        self.chatroom = chatroom
        self.seq = seq
    }

    package init?(_ description: String) {
        let parts = description.split(separator: ".", omittingEmptySubsequences: false)
        // A seq is a number of the same form as an id.
        guard parts.count == 2, let chatroom = ChatroomID(String(parts[0])), let seq = ChatroomID(String(parts[1]))
        else { return nil }
        self.init(chatroom: chatroom, seq: seq.rawValue)
    }

    package var description: String { "\(self.chatroom).\(self.seq)" }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let id = Self(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a message id")
        }
        self = id
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.description)
    }
}
