import Foundation
import Logging
import Postgres
import ServiceKit
import ServiceKitPostgres
import TestServers
import Testing

@Suite struct MigratingTests {
    @Test(.timeLimit(.minutes(10)))
    func `a migration that was edited ends the service with a clear word`() async throws {
        let migration = Migration(name: "m001_teas", text: "CREATE TABLE tea.teas (id bigint)")
        let edited = Migration(name: "m001_teas", text: "CREATE TABLE tea.teas (id integer)")
        try await withPostgres(schema: "tea", migrations: [migration]) { postgres in
            var application = ServiceApplication(
                CommonConfiguration(testing: .social), tokens: TokenVerifier(), metrics: PrometheusMetrics(),
                logger: quiet)
            application.migrate(postgres, schema: "tea", [edited])
            let error = await #expect(throws: CannotStart.self) { try await application.run() }
            #expect(
                error?.description
                    == "schema tea: migration m001_teas was edited after it had been applied")
        }
    }
}
