/// An address that mail can be sent to: an addr-spec of RFC 5321 §4.1.2 in its usual form, without quotes, comments,
/// literal addresses and whatever else could break a header line.
struct EmailAddress: Hashable, Sendable, CustomStringConvertible {
    /// As it was typed.
    let description: String

    init?(_ text: String) {
        guard text.utf8.count <= 254 else { return nil }
        let halves = text.split(separator: "@", omittingEmptySubsequences: false)
        guard halves.count == 2, Self.isLocalPart(halves[0]), Self.isDomain(halves[1]) else { return nil }
        self.description = text
    }

    /// What two spellings of one address have in common. No server in use tells the case of a mailbox.
    var key: String { self.description.lowercased() }

    private static func isLocalPart(_ text: Substring) -> Bool {
        text.utf8.count <= 64
            && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { atom in
                !atom.isEmpty
                    && atom.utf8.allSatisfy { Self.isAlphanumeric($0) || "!#$%&'*+/=?^_`{|}~-".utf8.contains($0) }
            }
    }

    private static func isDomain(_ text: Substring) -> Bool {
        text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                && label.utf8.allSatisfy { Self.isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
        }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
