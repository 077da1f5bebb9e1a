import Foundation

extension UInt8: PostgresElement, PostgresDecodableElement {
    package static var postgresArrayType: PostgresType { .bytea }

    package static func encode(_ elements: [UInt8], into bytes: inout [UInt8]) { bytes += elements }

    package static func decodeArray(_ cell: PostgresCell) throws(PostgresError) -> [UInt8] {
        let bytes = try cell.require()
        guard cell.type == PostgresType.bytea.id else { throw cell.mismatch([UInt8].self) }
        return Array(bytes)
    }
}

extension Data: PostgresEncodable, PostgresDecodable {
    package static var postgresType: PostgresType { .bytea }
    package func encode(into bytes: inout [UInt8]) { bytes.append(contentsOf: self) }

    package init(cell: PostgresCell) throws(PostgresError) {
        let bytes = try cell.require()
        guard cell.type == PostgresType.bytea.id else { throw cell.mismatch(Self.self) }
        self = Data(bytes)
    }
}

extension [UInt8] {
    mutating func append(bigEndian value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.bigEndian) { self.append(contentsOf: $0) }
    }

    /// Appends what `body` appends, after its length in 4 bytes, as arrays hold their elements.
    mutating func appendCounted(_ body: (inout [UInt8]) -> Void) {
        let start = self.count
        self.append(bigEndian: Int32(0))
        body(&self)
        let length = Int32(self.count - start - 4)
        Swift.withUnsafeBytes(of: length.bigEndian) { self.replaceSubrange(start..<(start + 4), with: $0) }
    }
}

extension UnsafeRawBufferPointer {
    func bigEndian<Value: FixedWidthInteger>(at offset: Int) -> Value {
        Value(bigEndian: self.loadUnaligned(fromByteOffset: offset, as: Value.self))
    }
}
