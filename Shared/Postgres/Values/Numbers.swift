import Foundation

extension Bool: PostgresEncodable, PostgresDecodable {
    package static var postgresType: PostgresType { .bool }

    package func encode(into bytes: inout [UInt8]) { bytes.append(self ? 1 : 0) }

    package init(cell: PostgresCell) throws(PostgresError) {
        let bytes = try cell.require()
        guard cell.type == PostgresType.bool.id, bytes.count == 1 else { throw cell.mismatch(Self.self) }
        self = bytes[0] != 0
    }
}

extension Int: PostgresEncodable, PostgresDecodable {
    package static var postgresType: PostgresType { .int8 }
    package func encode(into bytes: inout [UInt8]) { bytes.append(bigEndian: Int64(self)) }
    package init(cell: PostgresCell) throws(PostgresError) { self = try cell.integer() }
}

extension Int64: PostgresEncodable, PostgresDecodable {
    package static var postgresType: PostgresType { .int8 }
    package func encode(into bytes: inout [UInt8]) { bytes.append(bigEndian: self) }
    package init(cell: PostgresCell) throws(PostgresError) { self = try cell.integer() }
}

extension Int32: PostgresEncodable, PostgresDecodable {
    package static var postgresType: PostgresType { .int4 }
    package func encode(into bytes: inout [UInt8]) { bytes.append(bigEndian: self) }
    package init(cell: PostgresCell) throws(PostgresError) { self = try cell.integer() }
}

extension Int16: PostgresEncodable, PostgresDecodable {
    package static var postgresType: PostgresType { .int2 }
    package func encode(into bytes: inout [UInt8]) { bytes.append(bigEndian: self) }
    package init(cell: PostgresCell) throws(PostgresError) { self = try cell.integer() }
}

extension Double: PostgresEncodable, PostgresDecodable {
    package static var postgresType: PostgresType { .float8 }
    package func encode(into bytes: inout [UInt8]) { bytes.append(bigEndian: self.bitPattern) }

    package init(cell: PostgresCell) throws(PostgresError) {
        let bytes = try cell.require()
        switch (cell.type, bytes.count) {
        case (PostgresType.float8.id, 8): self = Double(bitPattern: bytes.bigEndian(at: 0))
        case (PostgresType.float4.id, 4): self = Double(Float(bitPattern: bytes.bigEndian(at: 0)))
        case (PostgresType.numeric.id, 8...):
            guard let numeric = Numeric(bytes), let value = numeric.double else { throw cell.mismatch(Self.self) }
            self = value
        default: throw cell.mismatch(Self.self)
        }
    }
}

extension PostgresCell {
    /// Any of PostgreSQL's whole numbers, and `numeric` without a fraction (`sum(bigint)`), if it is in range.
    fileprivate func integer<Value: FixedWidthInteger>() throws(PostgresError) -> Value {
        let bytes = try self.require()
        let number: Int64? =
            switch (self.type, bytes.count) {
            case (PostgresType.int8.id, 8): bytes.bigEndian(at: 0)
            case (PostgresType.int4.id, 4): Int64(bytes.bigEndian(at: 0) as Int32)
            case (PostgresType.int2.id, 2): Int64(bytes.bigEndian(at: 0) as Int16)
            case (PostgresType.numeric.id, 8...): Numeric(bytes)?.integer
            default: nil
            }
        guard let number, let value = Value(exactly: number) else { throw self.mismatch(Value.self) }
        return value
    }
}

/// PostgreSQL's `numeric`: digits of base 10,000 (`src/backend/utils/adt/numeric.c`, `numeric_send`).
private struct Numeric {
    private let digits: [Int16]
    /// The power of 10,000 that the first digit stands for.
    private let weight: Int
    private let isNegative: Bool

    /// `nil` for what is no number: NaN, infinity, or bytes of another length.
    init?(_ bytes: UnsafeRawBufferPointer) {
        let count = Int(bytes.bigEndian(at: 0) as Int16)
        let sign: UInt16 = bytes.bigEndian(at: 4)
        guard count >= 0, bytes.count == 8 + 2 * count, sign == 0 || sign == 0x4000 else { return nil }
        self.weight = Int(bytes.bigEndian(at: 2) as Int16)
        self.isNegative = sign != 0
        self.digits = (0..<count).map { bytes.bigEndian(at: 8 + 2 * $0) }
    }

    var integer: Int64? {
        var value: Int64 = 0
        guard self.digits.count <= self.weight + 1 else { return self.digits.allSatisfy { $0 == 0 } ? 0 : nil }
        guard self.weight < 5 else { return nil }
        for place in 0..<max(0, self.weight + 1) {
            let digit = place < self.digits.count ? Int64(self.digits[place]) : 0
            let (shifted, tooBig) = value.multipliedReportingOverflow(by: 10_000)
            let (sum, overflow) = shifted.addingReportingOverflow(self.isNegative ? -digit : digit)
            guard !tooBig, !overflow else { return nil }
            value = sum
        }
        return value
    }

    var double: Double? {
        // Through the decimal text, so that it is rounded once.
        let text = self.digits.map { digit in
            let text = String(digit)
            return String(repeating: "0", count: 4 - text.count) + text
        }
        let exponent = 4 * (self.weight + 1 - self.digits.count)
        return Double((self.isNegative ? "-" : "") + "0" + text.joined() + "e\(exponent)")
    }
}
