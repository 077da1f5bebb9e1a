import Foundation

extension Date: PostgresEncodable, PostgresDecodable {
    /// PostgreSQL counts microseconds from the year 2000, Foundation seconds from 2001.
    private static let secondsFrom2000To2001: Double = 31_622_400

    package static var postgresType: PostgresType { .timestamptz }

    package func encode(into bytes: inout [UInt8]) {
        let seconds = self.timeIntervalSinceReferenceDate + Self.secondsFrom2000To2001
        // Out of range becomes ±infinity, which is how the ends of Int64 read.
        bytes.append(bigEndian: Int64(clamping: (seconds * 1_000_000).rounded()))
    }

    package init(cell: PostgresCell) throws(PostgresError) {
        let bytes = try cell.require()
        guard cell.type == PostgresType.timestamptz.id, bytes.count == 8 else { throw cell.mismatch(Self.self) }
        let microseconds: Int64 = bytes.bigEndian(at: 0)
        guard microseconds != .max, microseconds != .min else { throw cell.mismatch(Self.self) }
        self.init(timeIntervalSinceReferenceDate: Double(microseconds) / 1_000_000 - Self.secondsFrom2000To2001)
    }
}

extension Int64 {
    fileprivate init(clamping value: Double) { self = Int64(exactly: value) ?? (value < 0 ? .min : .max) }
}

/// An `interval` without months; a day of it is 24 hours.
extension Duration: PostgresEncodable, PostgresDecodable {
    package static var postgresType: PostgresType { .interval }

    package func encode(into bytes: inout [UInt8]) {
        bytes.append(bigEndian: self.components.seconds * 1_000_000 + self.components.attoseconds / 1_000_000_000_000)
        bytes.append(bigEndian: Int32(0))
        bytes.append(bigEndian: Int32(0))
    }

    package init(cell: PostgresCell) throws(PostgresError) {
        let bytes = try cell.require()
        guard cell.type == PostgresType.interval.id, bytes.count == 16, (bytes.bigEndian(at: 12) as Int32) == 0 else {
            throw cell.mismatch(Self.self)
        }
        let days: Int32 = bytes.bigEndian(at: 8)
        self = .microseconds(bytes.bigEndian(at: 0) as Int64) + .seconds(86_400 * Int64(days))
    }
}
