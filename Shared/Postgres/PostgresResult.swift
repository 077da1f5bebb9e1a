internal import CLibpq

/// One `PGresult`: owned by one variable, cleared when that variable ends.
struct PostgresResult: ~Copyable {
    private let pointer: OpaquePointer

    init(adopting pointer: OpaquePointer) { self.pointer = pointer }

    deinit { PQclear(self.pointer) }

    var status: ExecStatusType { PQresultStatus(self.pointer) }
    var rowCount: Int { Int(PQntuples(self.pointer)) }
    var affected: Int { Int(String(cString: PQcmdTuples(self.pointer))) ?? 0 }
    var command: String { String(cString: PQcmdStatus(self.pointer)) }

    var columns: [String] {
        (0..<PQnfields(self.pointer)).map { column in PQfname(self.pointer, column).map { String(cString: $0) } ?? "" }
    }

    func type(column: Int) -> PostgresType.ID { PQftype(self.pointer, Int32(column)) }

    /// The bytes of one cell, valid as long as the result; `nil` for NULL.
    func bytes(row: Int, column: Int) -> UnsafeRawBufferPointer? {
        guard PQgetisnull(self.pointer, Int32(row), Int32(column)) == 0 else { return nil }
        return UnsafeRawBufferPointer(
            start: PQgetvalue(self.pointer, Int32(row), Int32(column)),
            count: Int(PQgetlength(self.pointer, Int32(row), Int32(column))))
    }

    /// What an error result says, without its details, which quote rows.
    var error: PostgresError {
        let sqlState = self.field(.sqlState)
        let code: PostgresError.Code =
            switch sqlState {
            case "57014": .timeout  // query_canceled: nobody else cancels our statements
            case let state?: .sqlState(state)
            case nil: .unavailable  // libpq's own, met when the connection is gone
            }
        return PostgresError(
            code: code, sqlState: sqlState, constraint: self.field(.constraint), message: self.field(.message) ?? "")
    }

    /// Whether the server ended the session with this error.
    var isFatal: Bool { self.field(.severity).map { $0 != "ERROR" } ?? true }

    /// The identifiers of libpq's `postgres_ext.h`, which are character macros.
    private enum Field: UInt8 {
        case severity = 0x56  // 'V', never localised
        case sqlState = 0x43  // 'C'
        case message = 0x4D  // 'M'
        case constraint = 0x6E  // 'n'
    }

    private func field(_ field: Field) -> String? {
        PQresultErrorField(self.pointer, Int32(field.rawValue)).map { String(cString: $0) }
    }
}
