import ServiceKit

/// The names of files, which come from anywhere and go into headers, paths and pages.
enum FileName {
    /// What is kept of a name: its last part, without anything that could break a line or turn the writing around.
    ///
    /// - Throws: `invalid` where nothing is left, or it is over 255 bytes.
    static func cleaned(_ name: String) throws(RequestError) -> String {
        guard let last = name.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last, last != ".", last != ".." else {
            throw .invalid("name", "is not the name of a file")
        }
        guard last.utf8.count <= 255 else { throw .invalid("name", "is longer than 255 bytes") }
        guard last.unicodeScalars.allSatisfy(Self.isHarmless) else {
            throw .invalid("name", "holds a control character")
        }
        return String(last)
    }

    /// Neither a control character, nor a line end, nor one that changes the direction of writing (Unicode, annex 9).
    private static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: false
        default: true
        }
    }

    /// `Content-Disposition` of a name (RFC 6266): ASCII for old clients, and the name itself by RFC 8187.
    static func disposition(_ name: String, inline: Bool) -> String {
        let plain = name.unicodeScalars.map { scalar in
            scalar.isASCII && scalar.value >= 0x20 && !["\"", "\\", "%", "\u{7F}"].contains(scalar)
                ? Character(scalar) : "_"
        }
        let kind = inline ? "inline" : "attachment"
        return "\(kind); filename=\"\(String(plain))\"; filename*=UTF-8''\(Self.percentEncoded(name))"
    }

    /// Everything but letters, digits and `-._~` (RFC 3986 §2.3), so that it fits into a path and a header alike.
    static func percentEncoded(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let hex = String(byte, radix: 16, uppercase: true)
                encoded += hex.count == 1 ? "%0\(hex)" : "%\(hex)"
            }
        }
        return encoded
    }
}
