import ServiceKit
import Testing

@testable import History

struct OpenAPITests {
    /// Whoever adds a call describes it in Services/History/OpenAPI/openapi.json.
    @Test func `the document describes the public calls, each and no other`() throws {
        let configuration = HistoryConfiguration(
            ConfigurationKeys(
                service: "history",
                environment: [
                    "TEAHOUSE_MODE": "local", "HISTORY_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
                    "REDIS_URLS": "redis://127.0.0.1:1",
                ]))
        let calls = try HistoryService.application(configuration).publicCalls
        let described = try OpenAPIDocument(PackageResources.openapi_json).calls
        #expect(calls.subtracting(described) == [], "these are not described")
        #expect(described.subtracting(calls) == [], "these are described and not there")
    }
}
