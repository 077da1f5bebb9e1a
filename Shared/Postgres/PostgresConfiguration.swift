internal import CLibpq

/// Where the database is and how it is used. Prints without its password.
package struct PostgresConfiguration: Sendable, CustomStringConvertible, CustomReflectable {
    /// Names these connections in logs and metrics, where a process has several ``Postgres``.
    package var name = "postgres"
    /// Shared connections, on which statements of many callers are pipelined.
    package var connections = 2
    /// The most statements under way on one shared connection; the next wait. 1 where statements are slow: answers
    /// come in order, so that a slow one holds up all behind it.
    package var pipelineDepth = 64
    /// The most connections for ``Postgres/transaction(_:)``, opened when first needed.
    package var exclusiveConnections = 4
    /// The most statements, and the most transactions, that wait for a connection; beyond it
    /// ``PostgresError/Code/overloaded``.
    package var maxQueued = 10_000
    /// How long a connection may take to open. At least 2 s, as libpq has it.
    package var connectTimeout = Duration.seconds(5)
    /// How long a statement waits for a connection before ``PostgresError/Code/unavailable``.
    package var queueTimeout = Duration.seconds(5)
    /// How long PostgreSQL may take for one statement (`statement_timeout`).
    package var statementTimeout = Duration.seconds(5)
    /// How much later than `statementTimeout` this side gives up.
    package var answerGrace = Duration.seconds(2)
    /// Whether one plan of a statement serves all its values (`plan_cache_mode`). Of tables in many partitions planning takes
    /// longer than most reading does; where the best plan depends on the values, it is worth it.
    package var usesGenericPlans = false
    /// Whether tables are read by their indexes, however small they are (`enable_seqscan`): a plan that was made for a small
    /// table is used until the table is analyzed.
    package var prefersIndexes = false
    /// How long a transaction may do nothing before PostgreSQL ends its session.
    package var idleInTransactionTimeout = Duration.seconds(1)

    /// libpq's keywords and values, those of the URL.
    private let given: [String: String]

    /// Takes a libpq URL, `postgresql://user:password@host:port/database?sslmode=…`, or its keyword form.
    ///
    /// - Throws: ``PostgresError/Code/configuration``, without a word of the URL, which may hold a password.
    package init(url: String) throws(PostgresError) {
        var message: UnsafeMutablePointer<CChar>?
        defer { PQfreemem(message) }
        guard let options = PQconninfoParse(url, &message) else {
            throw PostgresError(code: .configuration, message: "the database URL is malformed")
        }
        defer { PQconninfoFree(options) }
        var given: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { given[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        self.given = given
    }

    /// How long this side waits for an answer.
    var answerTimeout: Duration { self.statementTimeout + self.answerGrace }

    /// What a connection is opened with.
    ///
    /// - Parameter timeouts: whether statements have their time limits; migrations have none.
    func keywords(timeouts: Bool = true) -> [String: String] {
        var keywords = [
            "application_name": "teahouse", "connect_timeout": "\(max(2, self.connectTimeout.components.seconds))",
            "keepalives_idle": "30", "keepalives_interval": "10", "keepalives_count": "3",
        ].merging(self.given) { $1 }
        keywords["client_encoding"] = "UTF8"
        // Compiling a plan, or starting processes for it, costs far more than any statement here takes.
        var options = ["-c jit=off", "-c max_parallel_workers_per_gather=0", "-c TimeZone=UTC"]
        if self.usesGenericPlans { options.append("-c plan_cache_mode=force_generic_plan") }
        if self.prefersIndexes { options.append("-c enable_seqscan=off") }
        if timeouts {
            options.append("-c statement_timeout=\(self.statementTimeout.milliseconds)")
            options.append("-c idle_in_transaction_session_timeout=\(self.idleInTransactionTimeout.milliseconds)")
        }
        // The URL's own come last, so that they win.
        keywords["options"] = (options + [keywords["options"]].compactMap(\.self)).joined(separator: " ")
        return keywords
    }

    package var description: String {
        let shown = ["host", "port", "dbname", "user"].compactMap { key in self.given[key].map { "\(key)=\($0)" } }
        return "\(self.name) (\(shown.joined(separator: " ")))"
    }

    package var customMirror: Mirror { Mirror(self, children: ["description": self.description]) }
}

extension Duration {
    var milliseconds: Int64 { self.components.seconds * 1000 + self.components.attoseconds / 1_000_000_000_000_000 }
}
