/// Checks JSON text (RFC 8259) and finds its parts without building any of it, so that arguments are relayed untouched.
///
/// Escaped lone surrogates (`"\ud83d"`) are accepted, as JavaScript makes them. UTF-8 is the caller's to check. Used
/// within `withUnsafeReadableBytes` only: it keeps the pointer.
struct JSONScanner {
    /// How deep arrays and objects may nest; what is deeper is refused, not recursed into.
    static let maxDepth = 64

    let bytes: UnsafeRawBufferPointer
    private(set) var position = 0
    /// Attachments that came along; `nil`: objects that look like placeholders are plain data.
    let attachments: Int?
    /// Why the last scan failed.
    private(set) var error = PacketError.invalidJSON

    init(_ bytes: UnsafeRawBufferPointer, attachments: Int? = nil) {
        self.bytes = bytes
        self.attachments = attachments
    }

    var isAtEnd: Bool { self.position >= self.bytes.count }
    var next: UInt8? { self.isAtEnd ? nil : self.bytes[self.position] }

    mutating func skipSpace() {
        while let byte = self.next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { self.position += 1 }
    }

    /// Steps over `byte` if it comes next.
    mutating func skip(_ byte: UInt8) -> Bool {
        guard self.next == byte else { return false }
        self.position += 1
        return true
    }

    /// Scans one value that begins here; `depth` is that of the array or object around it.
    mutating func skipValue(depth: Int = 0) -> Bool {
        switch self.next {
        case UInt8(ascii: "\""): self.skipString()
        case UInt8(ascii: "["): self.skipArray(depth: depth + 1)
        case UInt8(ascii: "{"): self.skipObject(depth: depth + 1)
        case UInt8(ascii: "t"): self.skipLiteral("true")
        case UInt8(ascii: "f"): self.skipLiteral("false")
        case UInt8(ascii: "n"): self.skipLiteral("null")
        default: self.skipNumber()
        }
    }

    mutating func skipLiteral(_ literal: StaticString) -> Bool {
        let end = self.position + literal.utf8CodeUnitCount
        guard end <= self.bytes.count else { return false }
        for index in 0..<literal.utf8CodeUnitCount
        where self.bytes[self.position + index] != literal.utf8Start[index] { return false }
        self.position = end
        return true
    }

    mutating func skipNumber() -> Bool {
        _ = self.skip(UInt8(ascii: "-"))
        if !self.skip(UInt8(ascii: "0")), !self.skipDigits() { return false }
        if self.skip(UInt8(ascii: ".")), !self.skipDigits() { return false }
        if self.skip(UInt8(ascii: "e")) || self.skip(UInt8(ascii: "E")) {
            if !self.skip(UInt8(ascii: "+")) { _ = self.skip(UInt8(ascii: "-")) }
            return self.skipDigits()
        }
        return true
    }

    /// At least one digit.
    private mutating func skipDigits() -> Bool {
        let start = self.position
        while let byte = self.next, (0x30...0x39).contains(byte) { self.position += 1 }
        return self.position > start
    }

    mutating func skipString() -> Bool {
        guard self.skip(UInt8(ascii: "\"")) else { return false }
        while let byte = self.next {
            self.position += 1
            switch byte {
            case UInt8(ascii: "\""): return true
            case UInt8(ascii: "\\"): guard self.skipEscape() else { return false }
            case ..<0x20: return false
            default: continue
            }
        }
        return false
    }

    private mutating func skipEscape() -> Bool {
        guard let byte = self.next else { return false }
        self.position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return true
        case UInt8(ascii: "u"):
            for _ in 0..<4 {
                guard let digit = self.next, digit.hexValue != nil else { return false }
                self.position += 1
            }
            return true
        default:
            return false
        }
    }

    private mutating func skipArray(depth: Int) -> Bool {
        self.skipElements(depth: depth) { _ in }
    }

    /// Scans an array that begins here and tells the range of each of its elements.
    mutating func skipElements(depth: Int = 1, _ body: (Range<Int>) -> Void) -> Bool {
        guard self.enter(UInt8(ascii: "["), depth: depth) else { return false }
        self.skipSpace()
        if self.skip(UInt8(ascii: "]")) { return true }
        while true {
            self.skipSpace()
            let start = self.position
            guard self.skipValue(depth: depth) else { return false }
            body(start..<self.position)
            self.skipSpace()
            if self.skip(UInt8(ascii: "]")) { return true }
            guard self.skip(UInt8(ascii: ",")) else { return false }
        }
    }

    mutating func skipObject(depth: Int = 1) -> Bool {
        guard self.enter(UInt8(ascii: "{"), depth: depth) else { return false }
        var placeholder = PlaceholderCheck()
        self.skipSpace()
        if self.skip(UInt8(ascii: "}")) { return true }
        while true {
            self.skipSpace()
            let key = self.position
            guard self.skipString() else { return false }
            let keyEnd = self.position
            self.skipSpace()
            guard self.skip(UInt8(ascii: ":")) else { return false }
            self.skipSpace()
            let value = self.position
            guard self.skipValue(depth: depth) else { return false }
            if self.attachments != nil {
                placeholder.note(key: self.slice(key..<keyEnd), value: self.slice(value..<self.position))
            }
            self.skipSpace()
            if self.skip(UInt8(ascii: "}")) { break }
            guard self.skip(UInt8(ascii: ",")) else { return false }
        }
        if let attachments = self.attachments, !placeholder.isValid(attachments: attachments) {
            self.error = .invalidPlaceholder
            return false
        }
        return true
    }

    private mutating func enter(_ bracket: UInt8, depth: Int) -> Bool {
        guard depth <= Self.maxDepth else {
            self.error = .tooDeep
            return false
        }
        return self.skip(bracket)
    }

    func slice(_ range: Range<Int>) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: self.bytes[range]) }
}

/// Collects from an object's members whether it stands for an attachment. A doubled key counts as in JavaScript: the
/// last one wins.
private struct PlaceholderCheck {
    private var isPlaceholder = false
    private var number: Int?

    mutating func note(key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
        switch JSONText.string(key) {
        case "_placeholder": self.isPlaceholder = value.elementsEqual("true".utf8)
        case "num":
            // Two digits are more than any allowed count needs, and cannot overflow.
            let isPlain = value.count <= 2 && value.allSatisfy { (0x30...0x39).contains($0) }
            self.number = isPlain ? value.reduce(0) { $0 * 10 + Int($1 - 0x30) } : nil
        default: break
        }
    }

    func isValid(attachments: Int) -> Bool {
        guard self.isPlaceholder else { return true }
        guard let number = self.number else { return false }
        return number < attachments
    }
}
