import Foundation

/// A JSON object taken apart one level deep, its values as they came: what is relayed is never built.
///
/// It refuses what ``StrictJSON`` refuses, by the same scan; a member that is read as what it is not is named in the
/// refusal, together with the objects around it: `message.content`.
package struct JSONMembers {
    private let bytes: [UInt8]
    private let parts: [JSONScanner.Part]
    private let path: String

    /// - Throws: ``RequestError/invalid(fields:)``.
    package init(_ bytes: [UInt8]) throws(RequestError) { try self.init(bytes, at: "") }

    private init(_ bytes: [UInt8], at path: String) throws(RequestError) {
        self.bytes = bytes
        self.path = path
        do {
            self.parts = try JSONScanner.parts(of: bytes)
        } catch {
            throw .invalid(path.isEmpty ? "body" : path, error.rawValue)
        }
        guard bytes.first(where: { $0 > 0x20 }) == UInt8(ascii: "{") else {
            throw .invalid(path.isEmpty ? "body" : path, "has the wrong type")
        }
    }

    package var count: Int { self.parts.count }

    /// The JSON text of a member; `nil` where there is none, or `null`.
    package func text(of key: String) -> ArraySlice<UInt8>? {
        // Objects are small: looking along is faster than a table.
        guard let part = self.parts.first(where: { $0.key.elementsEqual(key.utf8) }) else { return nil }
        let text = self.bytes[part.value]
        return text.elementsEqual("null".utf8) ? nil : text
    }

    /// The JSON text of an object of these members alone, as far as they are there.
    package func object(of keys: [String]) -> [UInt8] {
        var object = [UInt8(ascii: "{")]
        for key in keys {
            guard let text = self.text(of: key) else { continue }
            if object.count > 1 { object.append(UInt8(ascii: ",")) }
            object += Array("\"\(key)\":".utf8) + text
        }
        return object + [UInt8(ascii: "}")]
    }

    package func string(_ key: String) throws(RequestError) -> String? {
        guard let text = self.text(of: key) else { return nil }
        guard text.first == UInt8(ascii: "\"") else { throw self.refusal(of: key, "has the wrong type") }
        if !text.contains(UInt8(ascii: "\\")) { return String(decoding: text.dropFirst().dropLast(), as: UTF8.self) }
        return try self.value(String.self, text, key)
    }

    package func integer(_ key: String) throws(RequestError) -> Int64? {
        try self.text(of: key).map { text throws(RequestError) in try self.integer(text, key) }
    }

    /// Every member, as an integer.
    package func eachInteger(_ body: (String, Int64) throws(RequestError) -> Void) throws(RequestError) {
        for part in self.parts {
            let key = String(decoding: part.key, as: UTF8.self)
            try body(key, try self.integer(self.bytes[part.value], key))
        }
    }

    private func integer(_ text: ArraySlice<UInt8>, _ key: String) throws(RequestError) -> Int64 {
        let digits = text.first == UInt8(ascii: "-") ? text.dropFirst() : text
        if (1...18).contains(digits.count), digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        {
            let magnitude = digits.reduce(Int64(0)) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
            return digits.count == text.count ? magnitude : -magnitude
        }
        return try self.value(Int64.self, text, key)
    }

    package func members(_ key: String) throws(RequestError) -> JSONMembers? {
        guard let text = self.text(of: key) else { return nil }
        return try JSONMembers(Array(text), at: self.name(of: key))
    }

    /// Anything else, by its decoder; it may take its time.
    package func value<T: Decodable>(_ type: T.Type, _ key: String) throws(RequestError) -> T? {
        try self.text(of: key).map { text throws(RequestError) in try self.value(type, text, key) }
    }

    private func value<T: Decodable>(
        _ type: T.Type, _ text: ArraySlice<UInt8>, _ key: String
    ) throws(RequestError) -> T {
        do {
            return try JSONDecoder().decode(type, from: Data(text))
        } catch DecodingError.typeMismatch {
            throw self.refusal(of: key, "has the wrong type")
        } catch {
            throw self.refusal(of: key, "is not valid")
        }
    }

    /// What must be there.
    package func required<T>(_ key: String, _ value: T?) throws(RequestError) -> T {
        guard let value else { throw self.refusal(of: key, "is missing") }
        return value
    }

    package func refusal(of key: String, _ why: String) -> RequestError { .invalid(self.name(of: key), why) }

    private func name(of key: String) -> String { self.path.isEmpty ? key : "\(self.path).\(key)" }
}

extension JSONMembers {
    /// The JSON text of each element of an array.
    ///
    /// - Throws: ``RequestError/invalid(fields:)``, also where the member is missing.
    package func elements(of key: String) throws(RequestError) -> [ArraySlice<UInt8>] {
        let text = Array(try self.required(key, self.text(of: key)))
        guard text.first == UInt8(ascii: "["), let parts = try? JSONScanner.parts(of: text) else {
            throw self.refusal(of: key, "has the wrong type")
        }
        return parts.map { text[$0.value] }
    }
}
