import ChatAPI
import Foundation

/// JSON text that is put together by hand, where messages pass by the thousand: encoders take ten times as long. Strings are
/// escaped as `JSONText.encoder` does it.
struct JSONBytes {
    private(set) var bytes: [UInt8] = []

    var text: String { String(decoding: self.bytes, as: UTF8.self) }

    init(capacity: Int = 256) { self.bytes.reserveCapacity(capacity) }

    mutating func raw(_ text: StaticString) {
        self.bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func number(_ value: Int64) {
        if value < 0 { self.bytes.append(UInt8(ascii: "-")) }
        let start = self.bytes.count
        var rest = value.magnitude
        repeat {
            self.bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0
        self.bytes[start...].reverse()
    }

    mutating func numbers(_ values: some Sequence<Int64>) {
        self.bytes.append(UInt8(ascii: "["))
        for (place, value) in values.enumerated() {
            if place > 0 { self.bytes.append(UInt8(ascii: ",")) }
            self.number(value)
        }
        self.bytes.append(UInt8(ascii: "]"))
    }

    mutating func string(_ text: String) {
        self.bytes.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { utf8 in
            if utf8.allSatisfy({ $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) {
                self.bytes.append(contentsOf: utf8)
            } else {
                for byte in utf8 { self.escaped(byte) }
            }
        }
        self.bytes.append(UInt8(ascii: "\""))
    }

    /// In lower case (RFC 9562 §4).
    mutating func string(_ id: UUID) {
        self.bytes.append(UInt8(ascii: "\""))
        withUnsafeBytes(of: id.uuid) { bytes in
            for (place, byte) in bytes.enumerated() {
                if place == 4 || place == 6 || place == 8 || place == 10 { self.bytes.append(UInt8(ascii: "-")) }
                self.bytes.append(Self.digit(byte >> 4))
                self.bytes.append(Self.digit(byte & 0xf))
            }
        }
        self.bytes.append(UInt8(ascii: "\""))
    }

    mutating func string(_ id: MessageID) {
        self.bytes.append(UInt8(ascii: "\""))
        self.number(id.chatroom.rawValue)
        self.bytes.append(UInt8(ascii: "."))
        self.number(id.seq)
        self.bytes.append(UInt8(ascii: "\""))
    }

    private mutating func escaped(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): self.raw("\\\"")
        case UInt8(ascii: "\\"): self.raw("\\\\")
        case 0x08: self.raw("\\b")
        case 0x0c: self.raw("\\f")
        case UInt8(ascii: "\n"): self.raw("\\n")
        case UInt8(ascii: "\r"): self.raw("\\r")
        case UInt8(ascii: "\t"): self.raw("\\t")
        case ..<0x20:
            self.raw("\\u00")
            self.bytes.append(Self.digit(byte >> 4))
            self.bytes.append(Self.digit(byte & 0xf))
        default: self.bytes.append(byte)
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}

extension JSONBytes {
    /// A message as its event carries it: byte for byte what `JSONText.encode` makes of it.
    mutating func message(_ message: Message) throws {
        self.raw("{\"chatroomId\":")
        self.number(message.chatroomId.rawValue)
        self.raw(",\"clientId\":")
        self.string(message.clientId)
        self.raw(",\"content\":")
        self.string(message.content)
        self.raw(",\"createdAt\":")
        self.string(message.createdAt.description)
        if let editedAt = message.editedAt {
            self.raw(",\"editedAt\":")
            self.string(editedAt.description)
        }
        self.raw(",\"id\":")
        self.string(message.id)
        try self.rare("media", message.media)
        if let mentions = message.mentions {
            self.raw(",\"mentions\":")
            self.numbers(mentions.lazy.map(\.rawValue))
        }
        self.raw(",\"ordinal\":")
        self.number(message.ordinal)
        try self.rare("reactions", message.reactions)
        try self.rare("recalled", message.recalled)
        if let target = message.replyTo {
            self.raw(",\"replyTo\":")
            self.number(target)
        }
        self.raw(",\"sender\":{")
        if let avatar = message.sender.avatar {
            self.raw("\"avatar\":")
            self.string(avatar)
            self.raw(",")
        }
        self.raw("\"id\":")
        self.number(message.sender.id.rawValue)
        self.raw(",\"nickname\":")
        self.string(message.sender.nickname)
        self.raw("},\"seq\":")
        self.number(message.seq)
        self.raw(",\"type\":")
        self.string(message.type.rawValue)
        self.raw("}")
    }

    /// The answer to `GET /chatrooms/:id/messages`.
    mutating func page(_ messages: some Sequence<Message>, head: Seq) throws {
        self.raw("{\"head\":")
        self.number(head)
        self.raw(",\"messages\":[")
        for (place, message) in messages.enumerated() {
            if place > 0 { self.raw(",") }
            try self.message(message)
        }
        self.raw("]}")
    }

    /// What `entries.body` holds: byte for byte what `JSONText.encode` makes of it.
    mutating func stored(_ message: StoredMessage) throws {
        self.raw("{\"content\":")
        self.string(message.content)
        try self.rare("media", message.media)
        if let mentions = message.mentions {
            self.raw(",\"mentions\":")
            self.numbers(mentions.lazy.map(\.rawValue))
        }
        try self.rare("recalled", message.recalled)
        if let target = message.replyTo {
            self.raw(",\"replyTo\":")
            self.number(target)
        }
        self.raw(",\"type\":")
        self.string(message.type.rawValue)
        self.raw("}")
    }

    /// The answer to `POST /internal/messages`.
    mutating func results(_ results: [AppendMessages.Result]) throws {
        self.raw("{\"results\":[")
        for (place, result) in results.enumerated() {
            if place > 0 { self.raw(",") }
            guard let receipt = result.receipt else {
                self.bytes.append(contentsOf: try JSONText.encode(result).utf8)
                continue
            }
            self.raw("{\"receipt\":{\"createdAt\":")
            self.string(receipt.createdAt.description)
            self.raw(",\"id\":")
            self.string(receipt.id)
            self.raw(",\"seq\":")
            self.number(receipt.seq)
            self.raw("}}")
        }
        self.raw("]}")
    }

    /// What few messages have, by the encoder.
    private mutating func rare(_ key: StaticString, _ value: (some Encodable)?) throws {
        guard let value else { return }
        self.raw(",\"")
        self.raw(key)
        self.raw("\":")
        self.bytes.append(contentsOf: try JSONText.encode(value).utf8)
    }
}
