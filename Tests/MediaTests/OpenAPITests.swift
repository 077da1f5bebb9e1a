import Foundation
import ServiceKit
import Testing

@testable import Media

struct OpenAPITests {
    /// Whoever adds a call describes it in Services/Media/OpenAPI/openapi.json.
    @Test func `the document describes the public calls, each and no other`() throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: directory) }
        let configuration = MediaConfiguration(
            ConfigurationKeys(
                service: "media",
                environment: [
                    "TEAHOUSE_MODE": "local", "MEDIA_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
                    "REDIS_URLS": "redis://127.0.0.1:1",
                    "MEDIA_DIRECTORY": directory.path,
                ]))
        let calls = try MediaService.application(configuration).publicCalls
        let described = try OpenAPIDocument(PackageResources.openapi_json).calls
        #expect(calls.subtracting(described) == [], "these are not described")
        #expect(described.subtracting(calls) == [], "these are described and not there")
    }
}
