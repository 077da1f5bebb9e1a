import Foundation
import Hummingbird

/// The query of a request, percent-decoded (`+` is a space), each name at most once.
package struct Query: Sendable {
    private let values: [String: String]

    /// - Throws: ``RequestError/invalid(fields:)`` for a name given twice, an escape that is not one, `%00`, or bytes that
    ///   are not UTF-8.
    package init(_ query: String) throws(RequestError) {
        var values: [String: String] = [:]
        for part in query.split(separator: "&") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decode(pair[0]), let value = pair.count == 2 ? Self.decode(pair[1]) : "" else {
                throw .invalid("query", "is not percent-encoded UTF-8")
            }
            guard values.updateValue(value, forKey: name) == nil else { throw .invalid("query", "has a name twice") }
        }
        self.values = values
    }

    package func text(_ name: String) -> String? { self.values[name] }

    /// A value of another type, `nil` where it is not given.
    ///
    /// - Throws: ``RequestError/invalid(fields:)`` where it does not read as one.
    package func value<T: LosslessStringConvertible>(_ name: String, as type: T.Type = T.self) throws(RequestError)
        -> T?
    {
        guard let text = self.values[name] else { return nil }
        guard let value = T(text) else { throw .invalid(name, "is not valid") }
        return value
    }

    package func require<T: LosslessStringConvertible>(_ name: String, as type: T.Type = T.self) throws(RequestError)
        -> T
    {
        guard let value = try self.value(name, as: type) else { throw .invalid(name, "is missing") }
        return value
    }

    /// `limit`, as every list takes it.
    package func limit(default usual: Int = 50, atMost most: Int = 200) throws(RequestError) -> Int {
        guard let limit = try self.value("limit", as: Int.self) else { return usual }
        guard (1...most).contains(limit) else { throw .invalid("limit", "must be between 1 and \(most)") }
        return limit
    }

    /// Values with commas between, as in `ids=1,2,3`; empty where not given.
    package func list<T: LosslessStringConvertible>(
        _ name: String, of type: T.Type = T.self, atMost most: Int = 200
    ) throws(RequestError) -> [T] {
        guard let text = self.values[name] else { return [] }
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        guard parts.count <= most else { throw .invalid(name, "has more than \(most) values") }
        var values: [T] = []
        for part in parts {
            guard let value = T(String(part)) else { throw .invalid(name, "is not valid") }
            values.append(value)
        }
        return values
    }

    static func decode(_ text: Substring, plusIsSpace: Bool = true) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst(), let low = rest.popFirst(),
                    let first = Character(Unicode.Scalar(high)).hexDigitValue,
                    let second = Character(Unicode.Scalar(low)).hexDigitValue, first + second > 0
                else { return nil }
                bytes.append(UInt8(first << 4 | second))
            case UInt8(ascii: "+") where plusIsSpace:
                bytes.append(UInt8(ascii: " "))
            default:
                bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

extension Request {
    /// The query, decoded.
    package var query: Query {
        get throws(RequestError) { try Query(self.uri.query ?? "") }
    }
}

extension Parameters {
    /// A part of the path, percent-decoded (the router leaves it as it came).
    ///
    /// - Throws: ``RequestError/invalid(fields:)``.
    package func text(_ name: String) throws(RequestError) -> String {
        guard let raw = self.get(name), let text = Query.decode(raw[...], plusIsSpace: false) else {
            throw .invalid(name, "is not percent-encoded UTF-8")
        }
        return text
    }
}
