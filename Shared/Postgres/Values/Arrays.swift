extension Optional: PostgresElement where Wrapped: PostgresEncodable {
    package static var postgresArrayType: PostgresType { Wrapped.postgresArrayType }
    package static func encode(_ elements: [Self], into bytes: inout [UInt8]) { encodeArray(elements, into: &bytes) }
}

extension Optional: PostgresEncodable where Wrapped: PostgresEncodable {
    package static var postgresType: PostgresType { Wrapped.postgresType }
    package var isNull: Bool { self.map(\.isNull) ?? true }
    package func encode(into bytes: inout [UInt8]) { self?.encode(into: &bytes) }
}

extension Optional: PostgresDecodableElement where Wrapped: PostgresDecodable {
    package static func decodeArray(_ cell: PostgresCell) throws(PostgresError) -> [Self] { try cell.elements() }
}

extension Optional: PostgresDecodable where Wrapped: PostgresDecodable {
    package init(cell: PostgresCell) throws(PostgresError) { self = cell.isNull ? nil : try Wrapped(cell: cell) }
}

extension PostgresEncodable {
    package static var postgresArrayType: PostgresType {
        precondition(Self.postgresType.arrayID != 0, "PostgreSQL has no array of \(Self.self)")
        return PostgresType(id: Self.postgresType.arrayID)
    }

    package static func encode(_ elements: [Self], into bytes: inout [UInt8]) { encodeArray(elements, into: &bytes) }
}

extension PostgresDecodable {
    package static func decodeArray(_ cell: PostgresCell) throws(PostgresError) -> [Self] { try cell.elements() }
}

extension Array: PostgresElement where Element: PostgresElement {
    package static var postgresArrayType: PostgresType {
        let type = Self.postgresType
        precondition(type.arrayID != 0, "PostgreSQL has no array of arrays")
        return PostgresType(id: type.arrayID)
    }

    package static func encode(_ elements: [Self], into bytes: inout [UInt8]) { encodeArray(elements, into: &bytes) }
}

extension Array: PostgresEncodable where Element: PostgresElement {
    package static var postgresType: PostgresType { Element.postgresArrayType }
    package func encode(into bytes: inout [UInt8]) { Element.encode(self, into: &bytes) }
}

extension Array: PostgresDecodableElement where Element: PostgresDecodableElement {
    package static func decodeArray(_ cell: PostgresCell) throws(PostgresError) -> [Self] { try cell.elements() }
}

extension Array: PostgresDecodable where Element: PostgresDecodableElement {
    package init(cell: PostgresCell) throws(PostgresError) { self = try Element.decodeArray(cell) }
}

/// One dimension: a header of dimensions, whether there are NULLs, element type, count, first index; then each element
/// after its length, −1 for NULL (`src/backend/utils/adt/arrayfuncs.c`, `array_send`).
private func encodeArray<Element: PostgresEncodable>(_ elements: [Element], into bytes: inout [UInt8]) {
    bytes.append(bigEndian: Int32(elements.isEmpty ? 0 : 1))
    bytes.append(bigEndian: Int32(elements.contains(where: \.isNull) ? 1 : 0))
    bytes.append(bigEndian: Element.postgresType.id)
    guard !elements.isEmpty else { return }
    bytes.append(bigEndian: Int32(elements.count))
    bytes.append(bigEndian: Int32(1))
    for element in elements {
        if element.isNull {
            bytes.append(bigEndian: Int32(-1))
        } else {
            bytes.appendCounted { element.encode(into: &$0) }
        }
    }
}

extension PostgresCell {
    fileprivate func elements<Element: PostgresDecodable>() throws(PostgresError) -> [Element] {
        let bytes = try self.require()
        guard !PostgresType.scalars.contains(self.type), bytes.count >= 12 else { throw self.mismatch([Element].self) }
        let dimensions: Int32 = bytes.bigEndian(at: 0)
        let type: PostgresType.ID = bytes.bigEndian(at: 8)
        if dimensions == 0 { return [] }
        guard dimensions == 1, bytes.count >= 20 else { throw self.mismatch([Element].self) }
        let count = Int(bytes.bigEndian(at: 12) as Int32)
        var elements: [Element] = []
        var offset = 20
        // Each element takes at least the 4 bytes of its length.
        guard count >= 0, count <= (bytes.count - offset) / 4 else { throw self.mismatch([Element].self) }
        elements.reserveCapacity(count)
        for _ in 0..<count {
            guard offset + 4 <= bytes.count else { throw self.mismatch([Element].self) }
            let length = Int(bytes.bigEndian(at: offset) as Int32)
            offset += 4
            guard length <= bytes.count - offset else { throw self.mismatch([Element].self) }
            let slice = length < 0 ? nil : UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + length)])
            elements.append(
                try Element(cell: PostgresCell(rows: self.rows, column: self.column, type: type, bytes: slice)))
            offset += max(0, length)
        }
        return elements
    }
}
