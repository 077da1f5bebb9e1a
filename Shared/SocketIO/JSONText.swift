/// Strings to and from JSON text.
package enum JSONText {
    /// The string that `literal`, a scanned JSON string with its quotes, stands for; lone surrogates become U+FFFD.
    static func string(_ literal: UnsafeRawBufferPointer) -> String {
        guard literal.count >= 2 else { return "" }
        let inner = UnsafeRawBufferPointer(rebasing: literal[1..<literal.count - 1])
        guard inner.contains(UInt8(ascii: "\\")) else { return String(decoding: inner, as: UTF8.self) }
        var units: [UInt16] = []
        units.reserveCapacity(inner.count)
        var index = 0
        while index < inner.count {
            guard inner[index] == UInt8(ascii: "\\"), index + 1 < inner.count else {
                let start = index
                while index < inner.count, inner[index] != UInt8(ascii: "\\") || index == start { index += 1 }
                units.append(contentsOf: String(decoding: inner[start..<index], as: UTF8.self).utf16)
                continue
            }
            let escape = inner[index + 1]
            index += 2
            if escape == UInt8(ascii: "u") {
                let digits = inner[index..<min(index + 4, inner.count)]
                units.append(digits.reduce(0) { $0 &* 16 &+ UInt16($1.hexValue ?? 0) })
                index += digits.count
            } else {
                units.append(Self.unescaped(escape))
            }
        }
        return String(decoding: units, as: UTF16.self)
    }

    private static func unescaped(_ escape: UInt8) -> UInt16 {
        switch escape {
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: UInt16(escape)
        }
    }

    /// `text` as a JSON string with its quotes; `/` is not escaped.
    package static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case ..<" ":
                let hex = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

extension UInt8 {
    /// The value of an ASCII hexadecimal digit.
    var hexValue: UInt8? {
        switch self {
        case 0x30...0x39: self - 0x30
        case 0x41...0x46: self - 0x41 + 10
        case 0x61...0x66: self - 0x61 + 10
        default: nil
        }
    }
}
