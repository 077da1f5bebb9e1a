import Foundation

extension String: PostgresEncodable, PostgresDecodable {
    package static var postgresType: PostgresType { .text }

    package func encode(into bytes: inout [UInt8]) { bytes.append(contentsOf: self.utf8) }

    /// Also of what `CREATE TYPE … AS ENUM` made, whose binary format is its text.
    package init(cell: PostgresCell) throws(PostgresError) {
        let bytes = try cell.require()
        switch cell.type {
        case PostgresType.text.id, PostgresType.varchar.id, PostgresType.bpchar.id, PostgresType.name.id,
            PostgresType.json.id, PostgresType.unknown.id, PostgresType.void.id:
            self = String(decoding: bytes, as: UTF8.self)
        case PostgresType.firstUserDefinedID...:
            guard let text = String(validating: bytes, as: UTF8.self) else { throw cell.mismatch(Self.self) }
            self = text
        default: throw cell.mismatch(Self.self)
        }
    }
}

/// A JSON text, for `jsonb` and `json`.
package struct JSON: Hashable, Sendable, PostgresEncodable, PostgresDecodable {
    package let text: String

    /// `text` is taken as it is; PostgreSQL refuses what is no JSON.
    package init(text: String) { self.text = text }

    /// - Throws: ``PostgresError/Code/misuse`` when `value` cannot be JSON, as NaN cannot.
    package init(encoding value: some Encodable) throws(PostgresError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        do { self.text = String(decoding: try encoder.encode(value), as: UTF8.self) } catch {
            throw PostgresError(code: .misuse, message: "\(type(of: value)) cannot be written as JSON")
        }
    }

    package func decode<Value: Decodable>(as type: Value.Type = Value.self) throws(PostgresError) -> Value {
        do { return try JSONDecoder().decode(Value.self, from: Data(self.text.utf8)) } catch {
            throw PostgresError(code: .decoding, message: "the JSON is no \(Value.self)")
        }
    }

    package static var postgresType: PostgresType { .jsonb }

    /// The first byte is the version of jsonb's binary format.
    package func encode(into bytes: inout [UInt8]) {
        bytes.append(1)
        bytes.append(contentsOf: self.text.utf8)
    }

    package init(cell: PostgresCell) throws(PostgresError) {
        let bytes = try cell.require()
        switch cell.type {
        case PostgresType.jsonb.id where bytes.first == 1:
            self.text = String(decoding: UnsafeRawBufferPointer(rebasing: bytes.dropFirst()), as: UTF8.self)
        case PostgresType.json.id: self.text = String(decoding: bytes, as: UTF8.self)
        default: throw cell.mismatch(Self.self)
        }
    }
}

extension UUID: PostgresEncodable, PostgresDecodable {
    package static var postgresType: PostgresType { .uuid }

    package func encode(into bytes: inout [UInt8]) {
        withUnsafeBytes(of: self.uuid) { bytes.append(contentsOf: $0) }
    }

    package init(cell: PostgresCell) throws(PostgresError) {
        let bytes = try cell.require()
        guard cell.type == PostgresType.uuid.id, bytes.count == 16 else { throw cell.mismatch(Self.self) }
        self.init(uuid: bytes.loadUnaligned(as: uuid_t.self))
    }
}
