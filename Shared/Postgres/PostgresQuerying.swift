/// What runs statements: ``Postgres`` itself, each in a transaction of its own, or a ``PostgresTransaction``.
///
/// The result's type says what a row becomes: a ``PostgresRowDecodable``, the one column of a single-column row, or a
/// tuple of the columns in order. A value that may be NULL is an `Optional`.
package protocol PostgresQuerying: Sendable {
    /// Runs one statement.
    ///
    /// - Throws: ``PostgresError``; its code says whether anything was applied.
    func rows(_ sql: SQL) async throws(PostgresError) -> PostgresRows
}

extension PostgresQuerying {
    /// Runs one statement for its effect.
    ///
    /// - Returns: how many rows it touched.
    @discardableResult
    package func execute(_ sql: SQL) async throws(PostgresError) -> Int { try await self.rows(sql).affected }

    package func all<Row: PostgresRowDecodable>(_ sql: SQL) async throws(PostgresError) -> [Row] {
        try await self.rows(sql).decode()
    }

    package func all<Value: PostgresDecodable>(_ sql: SQL) async throws(PostgresError) -> [Value] {
        try await self.rows(sql).decode()
    }

    package func all<A: PostgresDecodable, B: PostgresDecodable, each C: PostgresDecodable>(
        _ sql: SQL
    ) async throws(PostgresError) -> [(A, B, repeat each C)] {
        try await self.rows(sql).decode()
    }

    /// The first row, or `nil` if there is none.
    package func first<Row: PostgresRowDecodable>(_ sql: SQL) async throws(PostgresError) -> Row? {
        try await self.rows(sql).decodeFirst()
    }

    package func first<Value: PostgresDecodable>(_ sql: SQL) async throws(PostgresError) -> Value? {
        try await self.rows(sql).decodeFirst()
    }

    package func first<A: PostgresDecodable, B: PostgresDecodable, each C: PostgresDecodable>(
        _ sql: SQL
    ) async throws(PostgresError) -> (A, B, repeat each C)? {
        try await self.rows(sql).decodeFirst()
    }

    /// The first row of a statement that always has one, as `INSERT … RETURNING` does.
    ///
    /// - Throws: also ``PostgresError/Code/noRow``.
    package func one<Row: PostgresRowDecodable>(_ sql: SQL) async throws(PostgresError) -> Row {
        try Self.present(try await self.rows(sql).decodeFirst())
    }

    package func one<Value: PostgresDecodable>(_ sql: SQL) async throws(PostgresError) -> Value {
        try Self.present(try await self.rows(sql).decodeFirst())
    }

    package func one<A: PostgresDecodable, B: PostgresDecodable, each C: PostgresDecodable>(
        _ sql: SQL
    ) async throws(PostgresError) -> (A, B, repeat each C) {
        try Self.present(try await self.rows(sql).decodeFirst())
    }

    private static func present<T>(_ value: T?) throws(PostgresError) -> T {
        guard let value else { throw PostgresError(code: .noRow, message: "the statement returned no row") }
        return value
    }
}

extension PostgresRows {
    /// Every row, as what the result's type says.
    package func decode<Row: PostgresRowDecodable>(as type: Row.Type = Row.self) throws(PostgresError) -> [Row] {
        try self.map { row throws(PostgresError) in try Row(row: row) }
    }

    package func decode<Value: PostgresDecodable>(as type: Value.Type = Value.self) throws(PostgresError) -> [Value] {
        try self.map { row throws(PostgresError) in try row.get(0) }
    }

    package func decode<A: PostgresDecodable, B: PostgresDecodable, each C: PostgresDecodable>() throws(PostgresError)
        -> [(A, B, repeat each C)]
    {
        try self.map { row throws(PostgresError) in try row.tuple() }
    }

    package func decodeFirst<Row: PostgresRowDecodable>(as type: Row.Type = Row.self) throws(PostgresError) -> Row? {
        guard let row = self.first else { return nil }
        return try Row(row: row)
    }

    package func decodeFirst<Value: PostgresDecodable>(
        as type: Value.Type = Value.self
    ) throws(PostgresError) -> Value? {
        guard let row = self.first else { return nil }
        return try row.get(0) as Value
    }

    package func decodeFirst<A: PostgresDecodable, B: PostgresDecodable, each C: PostgresDecodable>()
        throws(PostgresError) -> (A, B, repeat each C)?
    {
        guard let row = self.first else { return nil }
        return try row.tuple() as (A, B, repeat each C)
    }
}

extension PostgresRow {
    /// The columns in order.
    package func tuple<A: PostgresDecodable, B: PostgresDecodable, each C: PostgresDecodable>() throws(PostgresError)
        -> (A, B, repeat each C)
    {
        var column = 1
        func next<Value: PostgresDecodable>(_ type: Value.Type) throws(PostgresError) -> Value {
            column += 1
            return try self.get(column)
        }
        return (try self.get(0), try self.get(1), repeat try next((each C).self))
    }
}
