import ChatAPI
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import ServiceKit
import Testing

struct OperatorTests {
    private let application: ServiceApplication

    init() throws {
        self.application = ServiceApplication(
            CommonConfiguration(testing: .social), tokens: try TestTokens().verifier, metrics: PrometheusMetrics(),
            logger: quiet)
        self.application.report { $0.redis.append(.init(server: "127.0.0.1:6379", isConnected: false)) }
        self.application.readyWhen("tea") { false }
        self.application.internalRoutes.group("internal", context: OperatorContext.self)
            .get("act") { _, _ in NoContent() }
    }

    @Test func `operators are told what a process lacks, and what its parts report`() async throws {
        try await self.application.internalListener.test(.router) { client in
            let answer = try await client.execute(
                uri: "/internal/status", method: .get, headers: .bearer("local-key-of-operator"))
            let status = try answer.decode(ServiceStatus.self)
            #expect(status.service == "social")
            #expect(status.mode == "local")
            #expect(status.version == Version.current)
            #expect(status.lacking == ["tea"])
            #expect(status.redis == [.init(server: "127.0.0.1:6379", isConnected: false)])
            #expect(status.startedAt <= status.now)
        }
    }

    @Test(arguments: ["", "wrong", "local-key-of-gateway", "local-key-of-social"])
    func `what is the operators' opens to no other key`(_ key: String) async throws {
        try await self.application.internalListener.test(.router) { client in
            for path in ["/internal/status", "/internal/act"] {
                let answer = try await client.execute(uri: path, method: .get, headers: .bearer(key))
                #expect(answer.status == .unauthorized)
            }
        }
    }
}

struct RecentTests {
    @Test func `what is too old is forgotten, and from when on nothing is, is told`() {
        let time = TestTime()
        let recent = Recent<Int>(capacity: 3, now: { time.now })
        let began = time.now
        for item in 1...3 {
            time.advance(by: .seconds(1))
            recent.note(item)
        }
        #expect(recent.time { $0 == 1 } == Timestamp(milliseconds: began.milliseconds + 1_000))
        time.advance(by: .seconds(1))
        recent.note(4)
        recent.note(2)
        #expect(recent.time { $0 == 1 } == nil)
        #expect(recent.time { $0 == 2 } == time.now)
        #expect(recent.time { $0 == 5 } == nil)
        #expect(recent.since == Timestamp(milliseconds: began.milliseconds + 3_000))
    }
}
