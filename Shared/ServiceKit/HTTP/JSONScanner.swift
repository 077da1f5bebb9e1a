/// Checks bytes against RFC 8259, and against what we refuse beyond it, before anything decodes them: doubled keys (of
/// which decoders keep one or the other), nesting beyond 64, `\u0000` (which PostgreSQL's text cannot hold), lone
/// surrogates, numbers beyond a Double, anything but UTF-8 without a byte-order mark, and bytes after the value.
///
/// One pass, no recursion, so that nesting costs a byte a level.
package struct JSONScanner: ~Copyable {
    package static let maxDepth = 64

    private let bytes: [UInt8]
    private var index = 0
    /// The keys seen in each open object; `nil` for an open array.
    private var open: [Set<ArraySlice<UInt8>>?] = []
    /// What the outermost object or array consists of; `nil` where nobody asks.
    private var parts: [Part]?
    /// Of the part that is being read.
    private var partKey: ArraySlice<UInt8> = []
    private var partStart = 0

    /// A member of an object, or an element of an array.
    struct Part {
        /// Escapes resolved; empty in an array.
        var key: ArraySlice<UInt8>
        /// Where its value stands, without space around it.
        var value: Range<Int>
    }

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// - Throws: ``JSONProblem`` at the first thing that is wrong.
    package static func check(_ bytes: [UInt8]) throws(JSONProblem) {
        guard String(validating: bytes, as: UTF8.self) != nil else { throw .notUTF8 }
        var scanner = JSONScanner(bytes)
        try scanner.scan()
    }

    /// Checks the same, and tells what the outermost object or array consists of; nothing, where it is neither.
    static func parts(of bytes: [UInt8]) throws(JSONProblem) -> [Part] {
        guard String(validating: bytes, as: UTF8.self) != nil else { throw .notUTF8 }
        var scanner = JSONScanner(bytes)
        scanner.parts = []
        try scanner.scan()
        return scanner.parts ?? []
    }

    private var next: UInt8? { self.index < self.bytes.count ? self.bytes[self.index] : nil }

    private mutating func scan() throws(JSONProblem) {
        // Each turn reads one value, and then what follows it up to where the next value begins.
        repeat {
            self.skipSpace()
            if self.open.count == 1 { self.partStart = self.index }
            if try self.beginValue() { continue }
            try self.endValue()
        } while !self.open.isEmpty
        self.skipSpace()
        guard self.index == self.bytes.count else { throw .trailingBytes }
    }

    /// Reads a scalar or an empty container and returns false, or opens a container up to its first value.
    private mutating func beginValue() throws(JSONProblem) -> Bool {
        switch self.next {
        case UInt8(ascii: "{"):
            try self.push([])
            if self.take(UInt8(ascii: "}")) {
                self.open.removeLast()
                return false
            }
            try self.key()
            return true
        case UInt8(ascii: "["):
            try self.push(nil)
            if self.take(UInt8(ascii: "]")) {
                self.open.removeLast()
                return false
            }
            return true
        case UInt8(ascii: "\""):
            _ = try self.string(decoding: false)
        case UInt8(ascii: "t"):
            try self.word("true")
        case UInt8(ascii: "f"):
            try self.word("false")
        case UInt8(ascii: "n"):
            try self.word("null")
        default:
            try self.number()
        }
        return false
    }

    /// After a value: a comma and, in an object, the next key; or the ends of containers.
    private mutating func endValue() throws(JSONProblem) {
        while let keys = self.open.last {
            if self.open.count == 1 {
                self.parts?.append(Part(key: self.partKey, value: self.partStart..<self.index))
            }
            self.skipSpace()
            if self.take(UInt8(ascii: ",")) {
                if keys != nil {
                    try self.key()
                } else {
                    self.skipSpace()
                }
                return
            }
            guard self.take(keys == nil ? UInt8(ascii: "]") : UInt8(ascii: "}")) else { throw .notJSON }
            self.open.removeLast()
        }
    }

    private mutating func push(_ keys: Set<ArraySlice<UInt8>>?) throws(JSONProblem) {
        guard self.open.count < Self.maxDepth else { throw .tooDeep }
        self.open.append(keys)
        self.index += 1
        self.skipSpace()
    }

    private mutating func key() throws(JSONProblem) {
        self.skipSpace()
        let key = try self.string(decoding: true)
        guard self.open[self.open.count - 1]?.insert(key).inserted == true else { throw .doubledKey }
        if self.open.count == 1 { self.partKey = key }
        self.skipSpace()
        guard self.take(UInt8(ascii: ":")) else { throw .notJSON }
        self.skipSpace()
    }

    private mutating func skipSpace() {
        while let byte = self.next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { self.index += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard self.next == byte else { return false }
        self.index += 1
        return true
    }

    private mutating func word(_ word: StaticString) throws(JSONProblem) {
        for offset in 0..<word.utf8CodeUnitCount {
            guard self.take(word.utf8Start[offset]) else { throw .notJSON }
        }
    }

    /// Reads a string from its opening to behind its closing quote.
    ///
    /// - Returns: with `decoding` its bytes, escapes resolved, so that `"a"` and `"\u0061"` are one key; else nothing.
    private mutating func string(decoding: Bool) throws(JSONProblem) -> ArraySlice<UInt8> {
        guard self.take(UInt8(ascii: "\"")) else { throw .notJSON }
        let start = self.index
        var decoded: [UInt8]?
        while let byte = self.next {
            switch byte {
            case UInt8(ascii: "\""):
                let end = self.index
                self.index += 1
                guard decoding else { return [] }
                return decoded?[...] ?? self.bytes[start..<end]
            case UInt8(ascii: "\\"):
                if decoding, decoded == nil { decoded = Array(self.bytes[start..<self.index]) }
                let scalar = try self.escape()
                if decoding { decoded?.append(contentsOf: Array(String(scalar).utf8)) }
            case 0..<0x20:
                throw .notJSON
            default:
                decoded?.append(byte)
                self.index += 1
            }
        }
        throw .notJSON
    }

    /// Reads one escape, or the two that make a surrogate pair.
    private mutating func escape() throws(JSONProblem) -> Unicode.Scalar {
        self.index += 1
        guard let byte = self.next else { throw .notJSON }
        self.index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): break
        default: throw .notJSON
        }
        let unit = try self.hexadecimal()
        guard unit != 0 else { throw .nul }
        if let scalar = Unicode.Scalar(unit) { return scalar }
        guard unit < 0xDC00, self.take(UInt8(ascii: "\\")), self.take(UInt8(ascii: "u")) else { throw .loneSurrogate }
        let low = try self.hexadecimal()
        guard (0xDC00...0xDFFF).contains(low),
            let scalar = Unicode.Scalar(0x10000 + (UInt32(unit) - 0xD800) << 10 + (UInt32(low) - 0xDC00))
        else { throw .loneSurrogate }
        return scalar
    }

    private mutating func hexadecimal() throws(JSONProblem) -> UInt16 {
        var value: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = self.next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw .notJSON
            }
            value = value << 4 | UInt16(digit)
            self.index += 1
        }
        return value
    }

    private mutating func number() throws(JSONProblem) {
        let start = self.index
        _ = self.take(UInt8(ascii: "-"))
        if !self.take(UInt8(ascii: "0")) { try self.digits() }
        if self.take(UInt8(ascii: ".")) { try self.digits() }
        if self.take(UInt8(ascii: "e")) || self.take(UInt8(ascii: "E")) {
            if !self.take(UInt8(ascii: "+")) { _ = self.take(UInt8(ascii: "-")) }
            try self.digits()
        }
        guard Double(String(decoding: self.bytes[start..<self.index], as: UTF8.self))?.isFinite == true else {
            throw .numberTooLarge
        }
    }

    private mutating func digits() throws(JSONProblem) {
        let start = self.index
        while let byte = self.next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { self.index += 1 }
        guard self.index > start else { throw .notJSON }
    }
}

/// Why bytes are not JSON that we take. The raw value is the sentence for the client.
package enum JSONProblem: String, Error, Hashable {
    case notJSON = "is not JSON"
    case notUTF8 = "is not UTF-8"
    case doubledKey = "has a key twice"
    case tooDeep = "is nested too deep"
    case nul = "holds \\u0000"
    case loneSurrogate = "holds half of a surrogate pair"
    case numberTooLarge = "holds a number that is too large"
    case trailingBytes = "has bytes after its end"
}
