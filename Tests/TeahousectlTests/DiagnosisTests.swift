import ChatAPI
import Foundation
import Testing

@testable import teahousectl

struct DiagnosisTests {
    private let epoch = UUID()

    private func healthy(_ service: String, _ change: (inout ServiceStatus) -> Void = { _ in }) -> Examination {
        let now = Timestamp.now
        var status = ServiceStatus(
            service: service, instance: "127.0.0.1:9001", version: "1.0.0", mode: "production", startedAt: now, now: now
        )
        status.redis = [.init(server: "10.0.0.1:6379", isConnected: true)]
        status.feeds = [
            .init(of: "auth", isSource: service == "auth", epoch: self.epoch, position: 7, ageSeconds: 0.3)
        ]
        status.schemas = [.init(name: service, pending: [], unknown: [], now: now)]
        status.disks = [.init(path: "/srv", freeBytes: 500 << 30, totalBytes: 1000 << 30)]
        change(&status)
        var found = Examination(service: service, url: "http://127.0.0.1:9001", health: .good)
        found.status = status
        found.clock = (0.01, 0.01)
        return found
    }

    private func finding(_ examinations: Examination...) throws -> Diagnosis.Finding {
        let findings = Diagnosis(examinations).findings
        try #require(findings.count == 1, "\(findings)")
        return findings[0]
    }

    @Test func `with a healthy deployment nothing is wrong`() {
        let diagnosis = Diagnosis([self.healthy("auth"), self.healthy("social"), self.healthy("media")])
        #expect(diagnosis.findings == [])
        #expect(diagnosis.isHealthy)
    }

    @Test func `a service that does not answer is the one finding of it`() throws {
        let silent = Examination(service: "media", url: "http://x", health: .bad("connection refused"))
        let finding = try self.finding(self.healthy("auth"), silent)
        #expect(finding.severity == .problem)
        #expect(finding.place.contains("media"))
        #expect(!Diagnosis([silent]).isHealthy)
    }

    @Test func `what is wrong with one process is found`() throws {
        let cases: [(String, (inout ServiceStatus) -> Void)] = [
            ("not ready", { $0.lacking = ["PostgreSQL"] }),
            ("secret in SERVICE_KEYS", { $0.weakSecrets = ["SERVICE_KEYS"] }),
            ("local mode", { $0.mode = "local" }),
            ("lacks m007_x", { $0.schemas[0].pending = ["m007_x"] }),
            ("newer: m009_y", { $0.schemas[0].unknown = ["m009_y"] }),
            ("not connected to Redis", { $0.redis[0].isConnected = false }),
            ("feed of auth for 60.0 s", { $0.feeds[0].ageSeconds = 60 }),
            ("never read the feed of auth", { ($0.feeds[0].epoch, $0.feeds[0].ageSeconds) = (nil, nil) }),
            ("100 MiB left", { $0.disks[0].freeBytes = 100 << 20 }),
            (
                "clock of its database is 60.0 s ahead",
                {
                    $0.schemas[0].now = Timestamp(milliseconds: $0.now.milliseconds + 60_000)
                }
            ),
            ("is history", { $0.service = "history" }),
        ]
        for (what, change) in cases {
            let finding = try self.finding(self.healthy("auth"), self.healthy("social", change))
            #expect(finding.what.contains(what), "\(finding)")
            #expect(!finding.remedy.isEmpty)
        }
    }

    @Test func `what differs between processes is found`() throws {
        let other = UUID()
        let cases: [(String, (inout ServiceStatus) -> Void)] = [
            ("several versions", { $0.version = "2.0.0" }),
            ("another epoch of auth", { $0.feeds[0].epoch = other }),
            ("5000 changes behind", { $0.feeds[0].position = 7 }),
            ("different Redis servers", { $0.redis[0].server = "10.0.0.2:6379" }),
        ]
        for (what, change) in cases {
            let auth = self.healthy("auth") { $0.feeds[0].position = what.contains("behind") ? 5_007 : 7 }
            let finding = try self.finding(auth, self.healthy("social", change))
            #expect(finding.what.contains(what), "\(finding)")
        }
        let twoAuths = try self.finding(self.healthy("auth"), self.healthy("auth") { $0.feeds[0].epoch = other })
        #expect(twoAuths.what.contains("2 different databases"))
    }

    @Test func `clocks are apart by what cannot be the way of the question`() throws {
        var late = self.healthy("social")
        late.clock = (-7, 0.1)
        #expect(try self.finding(self.healthy("auth"), late).severity == .problem)
        late.clock = (-2, 0.1)
        #expect(try self.finding(self.healthy("auth"), late).severity == .warning)
        late.clock = (-7, 7)
        #expect(Diagnosis([self.healthy("auth"), late]).findings == [])
    }

    @Test func `problems come before warnings`() {
        let findings = Diagnosis([
            self.healthy("auth") { $0.mode = "local" }, self.healthy("social") { $0.lacking = ["tokens"] },
        ]).findings
        #expect(findings.map(\.severity) == [.problem, .warning])
    }
}
