import ChatAPI
import Foundation
import HTTPTypes
import Hummingbird
import ServiceKit

extension Request {
    /// The key under which a creating call may be repeated.
    var idempotencyKey: UUID? {
        get throws(RequestError) {
            guard let text = HTTPField.Name("Idempotency-Key").flatMap({ self.headers[$0] }) else { return nil }
            guard let key = UUID(uuidString: text) else { throw .invalid("Idempotency-Key", "must be a UUID") }
            return key
        }
    }
}

extension Query {
    /// What is searched for; `nil` where nothing is.
    var search: String? { self.text("query").flatMap { $0.isEmpty ? nil : $0 } }
}

extension String {
    /// Checks a text against the contract's lengths, counted in characters as people see them. A character of very many
    /// scalars does not get around it.
    ///
    /// - Throws: ``RequestError/invalid(fields:)`` that names the field.
    func checked(_ field: String, _ lengths: ClosedRange<Int>) throws(RequestError) -> String {
        guard lengths.contains(self.count), self.unicodeScalars.count <= lengths.upperBound * 8 else {
            throw .invalid(field, "must have \(lengths.lowerBound) to \(lengths.upperBound) characters")
        }
        return self
    }

    /// A name that must show something, without the space around it.
    func checkedName(_ field: String) throws(RequestError) -> String { try self.checkedText(field, atMost: 50) }

    /// A text that must show something, without the space around it.
    func checkedText(_ field: String, atMost most: Int) throws(RequestError) -> String {
        try self.trimmingCharacters(in: .whitespacesAndNewlines).checked(field, 1...most)
    }

    /// Whether a text is found in this one, whatever the case.
    func matches(_ search: String) -> Bool { self.range(of: search, options: .caseInsensitive) != nil }
}

extension Profile {
    func matches(_ search: String) -> Bool { self.username.matches(search) || self.nickname.matches(search) }
}

/// A field of a body that may be `null`, and then means something else than one that is not there.
struct Nullable<Value: Decodable & Sendable>: Decodable, Sendable {
    var value: Value?

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        self.value = container.decodeNil() ? nil : try container.decode(Value.self)
    }
}

extension KeyedDecodingContainer {
    /// What the compiler calls for `var field: Nullable<Value>?`: `nil` only where the field is not there.
    func decodeIfPresent<Value>(_ type: Nullable<Value>.Type, forKey key: Key) throws -> Nullable<Value>? {
        self.contains(key) ? try self.decode(type, forKey: key) : nil
    }
}
