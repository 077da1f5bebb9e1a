import Logging
import Postgres
import ServiceKit

extension MigrationCommand {
    /// - Parameter url: where the service keeps its database.
    package static func database(
        _ url: @escaping @Sendable (Configuration) -> String, schema: String, _ migrations: [Migration]
    ) -> MigrationCommand {
        MigrationCommand { configuration, isDry in
            let postgres = Postgres(
                try PostgresConfiguration(url: url(configuration)),
                logger: Logger(label: configuration.common.service.rawValue))
            let pending = try await postgres.pending(schema: schema, migrations)
            guard !isDry, !pending.isEmpty else {
                return pending.isEmpty
                    ? "-- \(schema): nothing to do\n"
                    : pending.map { "-- \(schema): \($0.name)\n\($0.text)\n" }.joined(separator: "\n")
            }
            try await postgres.migrate(schema: schema, migrations)
            return pending.map { "-- \(schema): \($0.name) has run\n" }.joined()
        }
    }
}

extension ServiceApplication {
    /// Brings a service's schema up to date before it answers. Migrations that were edited after they had been applied end
    /// the process, as no waiting mends them.
    package mutating func migrate(_ postgres: Postgres, schema: String, _ migrations: [Migration]) {
        self.prepare("migrations") { try await postgres.migrateOrEnd(schema: schema, migrations) }
    }
}

extension Postgres {
    /// As ``migrate(schema:_:patience:)``, inside of what a service prepares.
    ///
    /// - Throws: ``CannotStart`` for migrations or a configuration that cannot be used, and ``PostgresError``.
    package func migrateOrEnd(schema: String, _ migrations: [Migration]) async throws {
        do throws(PostgresError) {
            try await self.migrate(schema: schema, migrations)
        } catch {
            guard error.code == .configuration else { throw error }
            throw CannotStart("schema \(schema): \(error.message)")
        }
    }
}
