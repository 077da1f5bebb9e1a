import ServiceKit
import Testing

@testable import Auth

struct OpenAPITests {
    /// Whoever adds a call describes it in Services/Auth/OpenAPI/openapi.json.
    @Test func `the document describes the public calls, each and no other`() async throws {
        let configuration = AuthConfiguration(
            ConfigurationKeys(
                service: "auth",
                environment: [
                    "TEAHOUSE_MODE": "local", "AUTH_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
                    "REDIS_URLS": "redis://127.0.0.1:1",
                    "AUTH_SIGNING_KEYS": "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
                ]))
        let calls = try await AuthService.application(configuration).publicCalls
        let described = try OpenAPIDocument(PackageResources.openapi_json).calls
        #expect(calls.subtracting(described) == [], "these are not described")
        #expect(described.subtracting(calls) == [], "these are described and not there")
    }
}
