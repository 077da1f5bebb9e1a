import Foundation

/// A password as somebody typed it. It describes itself without telling itself, so that no log can hold it.
struct Password: Decodable, Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// In Unicode normalization form C (RFC 8265 §4.2.2): what two keyboards write for one `é` is one password.
    let text: String

    init(_ text: String) { self.text = text.precomposedStringWithCanonicalMapping }

    init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode(String.self))
    }

    var description: String { "<password>" }
    var debugDescription: String { self.description }
    var customMirror: Mirror { Mirror(self, children: [:]) }
}
