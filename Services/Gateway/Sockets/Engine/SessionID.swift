import Glibc
import Synchronization

/// An Engine.IO sid, `<node tag>-<loop><secret>`: whoever has it has the session.
///
/// The tag leads to the node, two characters to the event loop that is the session's home (no table that all loops
/// share), 22 characters are 132 random bits.
struct SessionID: Hashable, Sendable {
    let text: String
    let loop: Int

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    private static let secretLength = 22
    static let maxLoops = 64 * 64

    static func random(node: String, loop: Int) -> SessionID {
        var characters = [Self.alphabet[loop / 64 % 64], Self.alphabet[loop % 64]]
        characters += Self.randomCharacters(Self.secretLength)
        return SessionID(text: node + "-" + String(decoding: characters, as: UTF8.self), loop: loop)
    }

    /// `nil` unless it can be a sid of this node and one of its loops.
    init?(_ text: String, node: String, loops: Int) {
        let bytes = text.utf8
        guard bytes.count == node.utf8.count + 1 + 2 + Self.secretLength, text.hasPrefix(node + "-") else { return nil }
        let digits = bytes.dropFirst(node.utf8.count + 1).prefix(2).map { Self.alphabet.firstIndex(of: $0) ?? 0 }
        let loop = digits[0] * 64 + digits[1]
        guard loop < loops else { return nil }
        self.text = text
        self.loop = loop
    }

    /// The tag in front of a sid that any node can have made: `^[a-z0-9]{1,16}-[A-Za-z0-9_-]{20,}$`, at most 64 of them.
    static func nodeTag(of text: String) -> String? {
        guard let dash = text.utf8.firstIndex(of: UInt8(ascii: "-")) else { return nil }
        let (tag, secret) = (String(text[..<dash]), text.utf8[text.utf8.index(after: dash)...])
        guard Self.isNodeTag(tag), (20...64).contains(secret.count), secret.allSatisfy(Self.alphabet.contains) else {
            return nil
        }
        return tag
    }

    static func isNodeTag(_ text: String) -> Bool {
        (1...16).contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) }
    }

    private init(text: String, loop: Int) {
        self.text = text
        self.loop = loop
    }

    /// Six bits of the system's cryptographic randomness each, URL-safe.
    static func randomCharacters(_ count: Int) -> [UInt8] {
        self.random.withLock { $0.take(count) }.map { self.alphabet[Int($0 & 63)] }
    }

    private static let random = Mutex(Randomness())

    /// Bytes of the system's randomness, fetched for several ids at a time, each given out once.
    private struct Randomness {
        private static let size = 256
        private var bytes: [UInt8] = []

        mutating func take(_ count: Int) -> [UInt8] {
            precondition(count <= Self.size, "no id is so long")
            if self.bytes.count < count {
                // So much at once comes whole or not at all.
                self.bytes = [UInt8](unsafeUninitializedCapacity: Self.size) { bytes, initialized in
                    precondition(getentropy(bytes.baseAddress, Self.size) == 0, "the system has no randomness")
                    initialized = Self.size
                }
            }
            defer { self.bytes.removeLast(count) }
            return Array(self.bytes.suffix(count))
        }
    }
}
