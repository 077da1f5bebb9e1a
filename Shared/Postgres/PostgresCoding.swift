/// A value that can stand in a ``SQL`` as a parameter.
package protocol PostgresEncodable: PostgresElement {
    /// The type PostgreSQL is told the parameter has.
    static var postgresType: PostgresType { get }
    var isNull: Bool { get }
    /// Appends the value in PostgreSQL's binary format; not called for NULL.
    func encode(into bytes: inout [UInt8])
}

extension PostgresEncodable {
    package var isNull: Bool { false }
}

/// What an array can hold so that the array is a parameter: any ``PostgresEncodable``, and `UInt8`, whose array is a
/// `bytea`.
package protocol PostgresElement: Sendable {
    static var postgresArrayType: PostgresType { get }
    static func encode(_ elements: [Self], into bytes: inout [UInt8])
}

/// A value that a cell can become.
package protocol PostgresDecodable: PostgresDecodableElement {
    /// - Throws: ``PostgresError/Code/decoding`` when the cell is NULL or of a type that does not fit.
    init(cell: PostgresCell) throws(PostgresError)
}

/// What an array can hold so that a cell can become the array.
package protocol PostgresDecodableElement {
    static func decodeArray(_ cell: PostgresCell) throws(PostgresError) -> [Self]
}

/// A row as a value: `init(row:)` takes the columns by name.
package protocol PostgresRowDecodable {
    init(row: PostgresRow) throws(PostgresError)
}

/// A type that goes in and out as another one does.
///
/// One line for an identifier or an enumeration of strings: `extension UserID: PostgresNewtype {}`. For what has no
/// `RawValue`, the two members say how: `extension Timestamp: PostgresNewtype { init?(postgresValue: Date) … }`.
package protocol PostgresNewtype: PostgresEncodable, PostgresDecodable {
    associatedtype PostgresValue: PostgresEncodable, PostgresDecodable
    /// `nil`: no such value; the decoding fails.
    init?(postgresValue: PostgresValue)
    var postgresValue: PostgresValue { get }
}

extension PostgresNewtype {
    package static var postgresType: PostgresType { PostgresValue.postgresType }
    package var isNull: Bool { self.postgresValue.isNull }
    package func encode(into bytes: inout [UInt8]) { self.postgresValue.encode(into: &bytes) }

    package init(cell: PostgresCell) throws(PostgresError) {
        guard let value = Self(postgresValue: try PostgresValue(cell: cell)) else { throw cell.mismatch(Self.self) }
        self = value
    }
}

extension PostgresNewtype
where Self: RawRepresentable, RawValue: PostgresEncodable & PostgresDecodable, PostgresValue == RawValue {
    package init?(postgresValue: RawValue) { self.init(rawValue: postgresValue) }
    package var postgresValue: RawValue { self.rawValue }
}
