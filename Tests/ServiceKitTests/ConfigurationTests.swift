import Foundation
import Testing

@testable import ServiceKit

private struct Example: ServiceConfiguration {
    var common: CommonConfiguration
    var database: String
    var seed: String
    var most: Int
    var window: Duration
    var size: Int
    var hosts: [String]

    init(_ keys: ConfigurationKeys) {
        self.common = CommonConfiguration(keys)
        self.database = keys.database("SOCIAL_DATABASE_URL", "where the data is")
        self.seed = keys.secret("SOCIAL_SEED", local: "local-seed", "signs things")
        self.most = keys.int("SOCIAL_MOST", default: 5, in: 1...10, "how many")
        self.window = keys.duration("SOCIAL_WINDOW", default: .seconds(900), "how long")
        self.size = keys.bytes("SOCIAL_SIZE", default: 4_096, "how large")
        self.hosts = keys.list("SOCIAL_HOSTS", default: ["a"], "which")
    }
}

@Suite struct ConfigurationTests {
    private func read(_ environment: [String: String]) -> (Example, problems: [String]) {
        let keys = ConfigurationKeys(service: "social", environment: environment)
        let example = Example(keys)
        keys.findUnknown()
        return (example, keys.problems)
    }

    private static let strong = (0..<7).map { "S3cret-of-a-length-that-will-do-\($0)" }
    private static let production = [
        "SOCIAL_DATABASE_URL": "postgresql://x", "SOCIAL_SEED": strong[6],
        "SERVICE_KEYS": zip(ServiceKeys.callers, strong).map { "\($0)=\($1)" }.joined(separator: ","),
    ]

    @Test func `in local mode the defaults do`() {
        let (example, problems) = self.read(["TEAHOUSE_MODE": "local", "SOCIAL_DATABASE_URL": "postgresql://x"])
        #expect(problems == [])
        #expect(example.most == 5)
        #expect(example.common.publicAddress.description == "127.0.0.1:8002")
        #expect(example.common.internalAddress.description == "127.0.0.1:9002")
        #expect(example.common.urls[.auth] == ["http://127.0.0.1:9001"])
        #expect(example.common.serviceKeys.own == "local-key-of-social")
    }

    @Test func `values are read by their type`() {
        let (example, problems) = self.read(
            Self.production.merging([
                "SOCIAL_MOST": "10", "SOCIAL_WINDOW": "15m", "SOCIAL_SIZE": "20MiB", "SOCIAL_HOSTS": "a, b",
                "AUTH_URLS": "http://a:1/,http://b:2", "SOCIAL_PUBLIC_ADDRESS": "[::1]:80",
            ]) { $1 })
        #expect(problems == [])
        #expect(example.most == 10)
        #expect(example.window == .seconds(900))
        #expect(example.size == 20 * 1024 * 1024)
        #expect(example.hosts == ["a", "b"])
        #expect(example.common.urls[.auth] == ["http://a:1", "http://b:2"])
        #expect(example.common.publicAddress == ListenAddress(host: "::1", port: 80))
    }

    @Test func `what is missing outside local mode is told all at once`() {
        let problems = self.read([:]).problems
        for name in ["SOCIAL_DATABASE_URL", "SOCIAL_SEED", "SERVICE_KEYS"] {
            #expect(problems.contains { $0.hasPrefix("\(name) is missing") })
        }
    }

    @Test(arguments: [
        ("SOCIAL_MOST", "11"), ("SOCIAL_MOST", "x"), ("SOCIAL_WINDOW", "15"), ("SOCIAL_WINDOW", "-1s"),
        ("SOCIAL_SIZE", "1TB"),
        ("SOCIAL_HOSTS", "a,,b"), ("SOCIAL_DATABASE_URL", "mysql://x"), ("TEAHOUSE_MODE", "test"),
        ("AUTH_URLS", "nonsense"),
        ("SOCIAL_PUBLIC_ADDRESS", "127.0.0.1"), ("SOCIAL_MOSTT", "5"), ("TEAHOUSE_MOOD", "x"),
        ("TRUSTED_PROXIES", "10.0.0.0/33"),
        ("SERVICE_KEYS", "social"), ("SERVICE_KEYS", "stranger=\(strong[0]),social=\(strong[1])"),
        ("SERVICE_KEYS", "gateway=\(strong[0])"), ("SERVICE_KEYS", "gateway=\(strong[0]),social=\(strong[0])"),
    ]) func `a value that is not valid, or a key that is unknown, is told by name and without the value`(
        name: String, value: String
    ) {
        let problems = self.read(Self.production.merging([name: value]) { $1 }).problems
        #expect(!problems.isEmpty)
        #expect(problems.allSatisfy { $0.hasPrefix(name) })
        #expect(!problems.contains { $0.contains(Self.strong[0]) })
    }

    @Test(arguments: [
        ("SOCIAL_SEED", "local-seed"), ("SOCIAL_SEED", "short"), ("SOCIAL_SEED", String(repeating: "a", count: 64)),
        ("SERVICE_KEYS", "social=local-key-of-social"),
    ]) func `a default or weak secret is refused outside local mode only`(name: String, value: String) {
        #expect(self.read(Self.production.merging([name: value]) { $1 }).problems.contains { $0.contains("weak") })
        let local = Self.production.merging([name: value, "TEAHOUSE_MODE": "local"]) { $1 }
        #expect(self.read(local).problems == [])
    }

    @Test func `keys of other services are none of ours`() {
        #expect(self.read(Self.production.merging(["MEDIA_ANYTHING": "x", "PATH": "/bin"]) { $1 }).problems == [])
    }

    @Test func `help names every key`() {
        let keys = ConfigurationKeys(service: "social", environment: [:])
        _ = Example(keys)
        for name in [
            "TEAHOUSE_MODE", "SOCIAL_DATABASE_URL", "SOCIAL_MOST", "SERVICE_KEYS", "REDIS_URLS", "AUTH_URLS",
            "TRUSTED_PROXIES",
        ] {
            #expect(keys.help(takesMigrate: false).contains("  \(name)  ("))
        }
    }

    @Test func `two keys of a caller hold while they are exchanged`() {
        let keys = ServiceKeys(["gateway": ["new", "old"], "history": ["other"]], own: "other")
        #expect(keys.caller(presenting: "new") == "gateway")
        #expect(keys.caller(presenting: "old") == "gateway")
        #expect(keys.caller(presenting: "other") == "history")
        for wrong in ["", "ne", "newer", "neW", "old\u{301}"] { #expect(keys.caller(presenting: wrong) == nil) }
    }

    @Test func `only a trusted proxy is believed about the client's address`() throws {
        let proxies = try #require(TrustedProxies(["10.0.0.0/8", "::1"]))
        #expect(proxies.client(peer: "1.2.3.4", forwardedFor: "5.6.7.8") == "1.2.3.4")
        #expect(proxies.client(peer: "10.1.1.1", forwardedFor: nil) == "10.1.1.1")
        #expect(proxies.client(peer: "10.1.1.1", forwardedFor: "9.9.9.9, 5.6.7.8") == "5.6.7.8")
        #expect(proxies.client(peer: "::1", forwardedFor: "5.6.7.8, 10.2.3.4") == "5.6.7.8")
        #expect(proxies.client(peer: "10.1.1.1", forwardedFor: "5.6.7.8, <script>") == "10.1.1.1")
        #expect(proxies.client(peer: "11.1.1.1", forwardedFor: "5.6.7.8") == "11.1.1.1")
    }
}
