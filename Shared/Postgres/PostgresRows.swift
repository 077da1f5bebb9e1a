internal import CLibpq

/// The answer to one statement: its rows, and how many it touched. Decoded where it is used, not on the I/O thread.
///
/// `@unchecked Sendable`: it owns one `PGresult`, which nobody changes after it was made (libpq, "Functions Associated
/// with PGresult", allows reading it from any thread).
package final class PostgresRows: RandomAccessCollection, @unchecked Sendable {
    private let result: PostgresResult
    /// The names of the columns, in order.
    package let columns: [String]
    package let count: Int

    init(_ result: consuming PostgresResult) {
        self.columns = result.columns
        self.count = result.rowCount
        self.result = result
    }

    /// How many rows the statement inserted, updated, deleted or returned.
    package var affected: Int { self.result.affected }

    /// What was done, in PostgreSQL's words: `INSERT 0 1`, `COMMIT`, `ROLLBACK`.
    var command: String { self.result.command }

    package var startIndex: Int { 0 }
    package var endIndex: Int { self.count }
    package subscript(position: Int) -> PostgresRow {
        precondition(self.indices.contains(position), "no such row")
        return PostgresRow(rows: self, index: position)
    }

    func cell(row: Int, column: Int) -> PostgresCell {
        PostgresCell(
            rows: self, column: column, type: self.result.type(column: column),
            bytes: self.result.bytes(row: row, column: column))
    }
}

/// One row. It keeps the whole answer alive: take out what is needed and let it go.
package struct PostgresRow: Sendable {
    let rows: PostgresRows
    let index: Int

    package var columns: [String] { self.rows.columns }

    package func get<Value: PostgresDecodable>(_ column: Int, as type: Value.Type = Value.self) throws(PostgresError)
        -> Value
    {
        guard self.rows.columns.indices.contains(column) else {
            throw PostgresError(code: .decoding, message: "there is no column \(column + 1)")
        }
        return try Value(cell: self.rows.cell(row: self.index, column: column))
    }

    package func get<Value: PostgresDecodable>(_ column: String, as type: Value.Type = Value.self) throws(PostgresError)
        -> Value
    {
        guard let index = self.rows.columns.firstIndex(of: column) else {
            throw PostgresError(code: .decoding, message: "there is no column \(column)")
        }
        return try Value(cell: self.rows.cell(row: self.index, column: index))
    }
}

/// One cell in PostgreSQL's binary format; it keeps its answer, and so its bytes, alive.
package struct PostgresCell {
    let rows: PostgresRows
    let column: Int
    package let type: PostgresType.ID
    /// `nil` for NULL. Valid while the cell is.
    package let bytes: UnsafeRawBufferPointer?

    package var isNull: Bool { self.bytes == nil }

    /// The bytes of a cell that must not be NULL.
    package func require() throws(PostgresError) -> UnsafeRawBufferPointer {
        guard let bytes = self.bytes else {
            throw PostgresError(code: .decoding, message: "column \(self.name) is NULL")
        }
        return bytes
    }

    package func mismatch(_ wanted: Any.Type) -> PostgresError {
        PostgresError(code: .decoding, message: "column \(self.name), of type \(self.type), is no \(wanted)")
    }

    private var name: String {
        self.rows.columns.indices.contains(self.column) ? self.rows.columns[self.column] : "\(self.column + 1)"
    }
}
