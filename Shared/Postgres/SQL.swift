/// A statement and its parameters, written as one string: `"SELECT … WHERE id = \(id)"`.
///
/// An interpolated value becomes `$1`, `$2`, … and travels beside the text, with the type its Swift type stands for
/// (``PostgresEncodable/postgresType``); where SQL needs another one, cast it: `\(text)::citext`. An interpolated ``SQL``
/// becomes part of the text, its parameters counted on. There is no way for a string to become text.
package struct SQL: ExpressibleByStringInterpolation, Sendable {
    /// The text around the parameters: always one more than there are parameters.
    private(set) var pieces: [String]
    private(set) var parameters: PostgresParameters

    package init(stringLiteral text: StaticString) {
        self.pieces = [text.withUTF8Buffer { String(decoding: $0, as: UTF8.self) }]
        self.parameters = PostgresParameters()
    }

    package init(stringInterpolation: StringInterpolation) { self = stringInterpolation.sql }

    /// The empty statement, to add to.
    package init() {
        self.pieces = [""]
        self.parameters = PostgresParameters()
    }

    /// The text PostgreSQL is given: the pieces with `$1`, `$2`, … between them.
    var text: String {
        guard self.pieces.count > 1 else { return self.pieces[0] }
        var text = self.pieces[0]
        text.reserveCapacity(self.pieces.reduce(0) { $0 + $1.utf8.count + 4 })
        for (index, piece) in self.pieces.enumerated().dropFirst() {
            text += "$\(index)"
            text += piece
        }
        return text
    }

    package static func += (sql: inout SQL, more: SQL) {
        sql.pieces[sql.pieces.count - 1] += more.pieces[0]
        sql.pieces += more.pieces.dropFirst()
        sql.parameters.append(contentsOf: more.parameters)
    }

    package static func + (first: SQL, second: SQL) -> SQL {
        var sql = first
        sql += second
        return sql
    }

    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var sql = SQL()

        package init(literalCapacity: Int, interpolationCount: Int) {
            self.sql.pieces.reserveCapacity(interpolationCount + 1)
        }

        package mutating func appendLiteral(_ text: StaticString) {
            self.sql += SQL(stringLiteral: text)
        }

        /// A parameter.
        package mutating func appendInterpolation(_ value: some PostgresEncodable) {
            self.sql.parameters.append(value)
            self.sql.pieces.append("")
        }

        /// A value that may be NULL. By itself, as the compiler warns of an optional where any type could stand.
        package mutating func appendInterpolation<Value: PostgresEncodable>(_ value: Value?) {
            self.sql.parameters.append(value)
            self.sql.pieces.append("")
        }

        /// A piece of SQL with parameters of its own.
        package mutating func appendInterpolation(_ sql: SQL) { self.sql += sql }

        /// The name of a table, a column or a schema, quoted, so that it can be nothing else; `a.b` names `b` in `a`.
        package mutating func appendInterpolation(identifier name: String) {
            let parts = name.split(separator: ".", omittingEmptySubsequences: false)
            let quoted = parts.map {
                "\"" + $0.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
            }
            self.sql.pieces[self.sql.pieces.count - 1] += quoted.joined(separator: ".")
        }
    }
}
