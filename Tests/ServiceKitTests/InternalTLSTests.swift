import Foundation
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Testing

@testable import ServiceKit

/// An authority, a service's certificate from it, and a key that belongs to nobody; made by openssl.
private struct Certificates {
    let folder = FileManager.default.temporaryDirectory.appending(path: "teahouse-tls-\(UUID().uuidString)").path

    init() throws {
        try FileManager.default.createDirectory(atPath: self.folder, withIntermediateDirectories: true)
        let script = """
            cd "$0"
            new() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out $1.key; }
            new authority; new service; new other
            openssl req -x509 -key authority.key -subj /CN=authority -days 2 -out authority.pem
            openssl req -new -key service.key -subj /CN=service -addext subjectAltName=IP:127.0.0.1 -out service.csr
            openssl x509 -req -in service.csr -CA authority.pem -CAkey authority.key -CAcreateserial -days 2 \
                -copy_extensions copy -out service.pem
            """
        let shell = Process()
        shell.executableURL = URL(filePath: "/bin/bash")
        shell.arguments = ["-ec", script, self.folder]
        shell.standardError = FileHandle.nullDevice
        try shell.run()
        shell.waitUntilExit()
        guard shell.terminationStatus == 0 else { throw CannotStart("openssl failed") }
    }

    func path(_ name: String) -> String { "\(self.folder)/\(name)" }

    func remove() { try? FileManager.default.removeItem(atPath: self.folder) }

    func configuration(key: String = "service.key") -> (CommonConfiguration, problems: [String]) {
        let keys = ConfigurationKeys(
            service: "social",
            environment: [
                "TEAHOUSE_MODE": "local", "SOCIAL_PUBLIC_ADDRESS": "127.0.0.1:0",
                "SOCIAL_INTERNAL_ADDRESS": "127.0.0.1:0",
                "INTERNAL_TLS_CERTIFICATE": self.path("service.pem"), "INTERNAL_TLS_KEY": self.path(key),
                "INTERNAL_TLS_AUTHORITY": self.path("authority.pem"),
            ])
        let configuration = CommonConfiguration(keys)
        return (configuration, keys.problems)
    }
}

@Suite struct InternalTLSTests {
    @Test func `services speak TLS where they have a certificate, and believe only their authority`() async throws {
        let certificates = try Certificates()
        defer { certificates.remove() }
        let (configuration, problems) = certificates.configuration()
        #expect(problems == [])
        let application = ServiceApplication(
            configuration, tokens: try TestTokens().verifier, metrics: PrometheusMetrics(), logger: quiet)
        application.internalRoutes.group("internal", context: InternalContext.self).get("nothing") { _, _ in NoContent()
        }
        try await application.internalListener.test(.live) { client in
            let port = try #require(client.port)
            func call(_ scheme: String, _ tls: InternalTLS?) async throws {
                let client = ServiceClient(
                    service: "social", urls: ["\(scheme)://127.0.0.1:\(port)"], key: configuration.serviceKeys.own,
                    tls: tls?.client, logger: quiet)
                let _: Nothing = try await client.call(.get, "/internal/nothing")
            }
            try await call("https", configuration.tls)
            await #expect(throws: ServiceUnavailable.self) { try await call("https", nil) }
            await #expect(throws: ServiceUnavailable.self) { try await call("http", configuration.tls) }
        }
    }

    @Test func `a certificate that cannot be used is told at start`() throws {
        let certificates = try Certificates()
        defer { certificates.remove() }
        #expect(
            certificates.configuration(key: "other.key").problems.contains {
                $0.hasPrefix("INTERNAL_TLS_CERTIFICATE cannot be used")
            })
        #expect(
            certificates.configuration(key: "missing.key").problems.contains {
                $0.hasPrefix("INTERNAL_TLS_CERTIFICATE cannot be used")
            })
        let alone = ConfigurationKeys(
            service: "social",
            environment: ["TEAHOUSE_MODE": "local", "INTERNAL_TLS_KEY": certificates.path("service.key")])
        _ = CommonConfiguration(alone)
        #expect(alone.problems == ["INTERNAL_TLS_CERTIFICATE is missing beside the other"])
    }
}
