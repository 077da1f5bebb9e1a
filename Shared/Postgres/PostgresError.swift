/// Why a statement has no answer. It never holds a password, a parameter, or a row.
package struct PostgresError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: Hashable, Sendable {
        /// No connection could be had in time, or a transaction lost its own before COMMIT. Nothing was applied.
        case unavailable
        /// Too many statements wait already. Nothing was applied.
        case overloaded
        /// The connection was lost, or no answer came in time, after the statement had been sent: it may have been
        /// applied or not. Only what is safe to do twice may be repeated.
        case outcomeUnknown
        /// PostgreSQL gave the statement up after its timeout. Nothing was applied.
        case timeout
        /// The task was cancelled before the statement was sent, or a transaction's before COMMIT. Nothing was applied.
        case cancelled
        /// PostgreSQL refused, with this SQLSTATE (PostgreSQL documentation, appendix A). Nothing was applied.
        case sqlState(String)
        /// A cell is not of the type that was asked for, or NULL, or there is no such column.
        case decoding
        /// ``PostgresQuerying/one(_:)-…`` found no row.
        case noRow
        /// A transaction was begun inside another, or used after its end.
        case misuse
        /// The configuration cannot be used, or a migration was refused.
        case configuration

        /// A lock was not to be had within `lock_timeout`.
        package static let lockNotAvailable = Self.sqlState("55P03")
    }

    package var code: Code
    /// PostgreSQL's five characters; also beside ``Code/timeout`` and ``Code/outcomeUnknown`` where it gave any.
    package var sqlState: String?
    /// The name of the constraint that was violated.
    package var constraint: String?
    /// For logs: what happened, in a sentence; of PostgreSQL's errors the primary message.
    package var message: String

    package init(code: Code, sqlState: String? = nil, constraint: String? = nil, message: String = "") {
        self.code = code
        self.sqlState = sqlState
        self.constraint = constraint
        self.message = message
        if case .sqlState(let state) = code { self.sqlState = state }
    }

    package var description: String {
        var parts = ["PostgreSQL: \(self.code)"]
        if let sqlState, self.code != .sqlState(sqlState) { parts.append("SQLSTATE \(sqlState)") }
        if let constraint { parts.append("constraint \(constraint)") }
        if !self.message.isEmpty { parts.append(self.message) }
        return parts.joined(separator: ", ")
    }

    /// Whether it is the violation of the unique, foreign key, check or exclusion constraint `name`.
    package func violates(_ name: String) -> Bool { self.constraint == name && self.sqlState?.hasPrefix("23") == true }

    package static let uniqueViolation = Code.sqlState("23505")
    package static let foreignKeyViolation = Code.sqlState("23503")
    package static let checkViolation = Code.sqlState("23514")
}
