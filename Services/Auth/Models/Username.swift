/// A name to sign in with: 3 to 32 of `[A-Za-z0-9_.-]`, unique whatever the case of its letters.
struct Username: Hashable, Sendable, CustomStringConvertible {
    /// As it was typed at registration, and as people see it.
    let description: String

    init?(_ text: String) {
        guard (3...32).contains(text.utf8.count), text.utf8.allSatisfy(Self.allows) else { return nil }
        self.description = text
    }

    /// What two names of one user have in common.
    var key: String { self.description.lowercased() }

    private static func allows(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
