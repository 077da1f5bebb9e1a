import Postgres
import TestServers

/// Returns when so many sessions of a database are in `pg_sleep`.
func awaitSleepers(_ count: Int, at url: String) async throws {
    let watcher = Postgres(try PostgresConfiguration(url: url), logger: .tests)
    let sql: SQL = """
        SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()
        """
    while try await watcher.one(sql) != count {}
    await watcher.close()
}
