import ChatAPI
import Foundation
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
        self.report(postgres, schema: schema, migrations)
    }

    /// Tells operators which migrations the schema lacks or has beyond ours; nothing while it cannot be asked.
    package func report(_ postgres: Postgres, schema: String, _ migrations: [Migration]) {
        let known = migrations.map(\.name)
        self.report { status in
            let sql: SQL = "SELECT name, clock_timestamp() AS now FROM \(identifier: "\(schema).migrations")"
            guard let rows: [(String, Date)] = try? await postgres.all(sql), let now = rows.first?.1 else { return }
            let applied = Set(rows.map(\.0))
            status.schemas.append(
                ServiceStatus.Schema(
                    name: schema, pending: known.filter { !applied.contains($0) },
                    unknown: applied.subtracting(known).sorted(), now: Timestamp(now)))
        }
    }

    /// Tells operators how far the service's own feed is.
    package func report(_ postgres: Postgres, feed: ChangeFeed) {
        self.report { status in
            let sql: SQL = "SELECT epoch, position FROM \(identifier: "\(feed.schema).change_heads")"
            guard let head: (UUID, Int64) = try? await postgres.first(sql) else { return }
            status.feeds.append(
                ServiceStatus.Feed(of: feed.schema, isSource: true, epoch: head.0, position: head.1))
        }
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
