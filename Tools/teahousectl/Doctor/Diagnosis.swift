import ChatAPI
import Foundation

/// What is wrong with a deployment, from what was found at its listeners. The rules; it asks nobody.
struct Diagnosis {
    struct Finding: Codable, Hashable {
        enum Severity: String, Codable, Comparable {
            /// Works, and will not for ever.
            case warning
            /// Something does not work, or is not safe.
            case problem

            static func < (a: Self, b: Self) -> Bool { a == .warning && b == .problem }
        }

        var severity: Severity
        /// Where: a service's listener, or all of it.
        var place: String
        var what: String
        var remedy: String
    }

    /// A feed that was not read for so long is behind, as it is polled twice a second.
    static let maxFeedAge = 5.0
    /// Tokens bear so much, each way (``TokenVerifier``).
    static let maxClockDifference = 5.0
    static let noticedClockDifference = 1.0
    /// Of a disk.
    static let leastFreeShare = 0.1
    static let leastFreeBytes: Int64 = 1 << 30

    private(set) var findings: [Finding] = []

    init(_ examinations: [Examination]) {
        for found in examinations { self.judge(found) }
        let statuses = examinations.compactMap(\.status)
        self.judgeVersions(statuses)
        self.judgeFeeds(statuses)
        self.judgeRedis(statuses)
        self.judgeClocks(examinations)
        self.findings.sort { ($1.severity, $0.place, $0.what) < ($0.severity, $1.place, $1.what) }
    }

    var isHealthy: Bool { !self.findings.contains { $0.severity == .problem } }

    // MARK: One process

    private mutating func judge(_ found: Examination) {
        let place = "\(found.service) at \(found.url)"
        if let why = found.health.problem {
            return self.add(
                .problem, place, "does not answer: \(why)",
                "start it, or mend \(found.service.uppercased())_URLS; its log says why it ended")
        }
        guard let status = found.status else {
            return self.add(
                .problem, place, "does not tell its status",
                "look at OPERATOR_KEY against operator=… in SERVICE_KEYS, and at its version")
        }
        if status.service != found.service {
            self.add(
                .problem, place, "is \(status.service)", "mend \(found.service.uppercased())_URLS")
        }
        if found.ready.problem != nil || !status.lacking.isEmpty {
            self.add(
                .problem, place, "is not ready: it lacks \(status.lacking.joined(separator: ", "))",
                "its log names the reason; \"tokens\" waits for Auth, \"PostgreSQL\" and \"bus\" for the stores")
        }
        if let why = found.metrics.problem {
            self.add(.warning, place, "gives no metrics: \(why)", "look at OPERATOR_KEY")
        }
        if status.mode == "local" {
            self.add(
                .warning, place, "runs in local mode", "outside of trials leave TEAHOUSE_MODE out, or say production")
        }
        for key in status.weakSecrets {
            self.add(
                .problem, place, "has a default or weak secret in \(key)", "make one: openssl rand -base64 32")
        }
        for schema in status.schemas {
            if !schema.pending.isEmpty {
                self.add(
                    .problem, place, "its schema \(schema.name) lacks \(schema.pending.joined(separator: ", "))",
                    "run its migrations; it is not ready before")
            }
            if !schema.unknown.isEmpty {
                self.add(
                    .warning, place, "its schema \(schema.name) is newer: \(schema.unknown.joined(separator: ", "))",
                    "finish the upgrade: this process is of an older version")
            }
            self.judge(clock: schema, status, place)
        }
        for feed in status.feeds where !feed.isSource {
            if let age = feed.ageSeconds, age > Self.maxFeedAge {
                self.add(
                    .problem, place, "has not read the feed of \(feed.of) for \(Self.seconds(age))",
                    "look whether \(feed.of) is reached from there: revocations and memberships come late")
            } else if feed.epoch == nil {
                self.add(
                    .problem, place, "has never read the feed of \(feed.of)", "look whether it is reached from there")
            }
        }
        for disk in status.disks
        where disk.freeBytes < Self.leastFreeBytes
            || Double(disk.freeBytes) < Self.leastFreeShare * Double(disk.totalBytes)
        {
            self.add(
                disk.freeBytes < Self.leastFreeBytes ? .problem : .warning, place,
                "has \(disk.freeBytes >> 20) MiB left of \(disk.totalBytes >> 20) MiB at \(disk.path)",
                "make room, or give it a larger disk")
        }
    }

    private mutating func judge(clock schema: ServiceStatus.Schema, _ status: ServiceStatus, _ place: String) {
        let ahead = Double(schema.now.milliseconds - status.now.milliseconds) / 1000
        // What lies between the two readings is the rest of the answer: less than a second.
        if abs(ahead) > Self.maxClockDifference {
            self.add(
                .problem, place,
                "the clock of its database is \(Self.seconds(abs(ahead))) \(ahead > 0 ? "ahead" : "behind")",
                "let a time service set the clocks of both machines")
        }
    }

    // MARK: All of them

    private mutating func judgeVersions(_ statuses: [ServiceStatus]) {
        let versions = Dictionary(grouping: statuses, by: \.version).mapValues { $0.map(\.service) }
        guard versions.count > 1 else { return }
        let list = versions.sorted { $0.key < $1.key }.map { "\($0.key) (\($0.value.joined(separator: ", ")))" }
        self.add(
            .warning, "all", "runs in several versions: \(list.joined(separator: "; "))",
            "two neighbouring ones bear each other while an upgrade is under way; finish it")
    }

    private mutating func judgeFeeds(_ statuses: [ServiceStatus]) {
        for (name, known) in Dictionary(grouping: statuses.flatMap(\.feeds), by: \.of).sorted(by: { $0.key < $1.key }) {
            let sources = known.filter(\.isSource)
            let epochs = Set(sources.compactMap(\.epoch))
            if epochs.count > 1 {
                self.add(
                    .problem, "all", "instances of \(name) keep \(epochs.count) different databases",
                    "give every instance the same \(name.uppercased())_DATABASE_URL")
            }
            guard epochs.count == 1, let epoch = epochs.first else { continue }
            let newest = sources.compactMap(\.position).max()
            for status in statuses {
                for feed in status.feeds where feed.of == name && !feed.isSource {
                    let place = "\(status.service) \(status.instance)"
                    if let other = feed.epoch, other != epoch {
                        self.add(
                            .problem, place, "follows another epoch of \(name) than \(name) has",
                            "it goes over by itself within seconds after a restore; where it stays, restart it")
                    } else if let newest, let position = feed.position, newest - position > 1_000 {
                        self.add(
                            .problem, place, "is \(newest - position) changes behind the feed of \(name)",
                            "give it time after a long absence; where it does not fall, its log names the reason")
                    }
                }
            }
        }
    }

    private mutating func judgeRedis(_ statuses: [ServiceStatus]) {
        for status in statuses {
            for server in status.redis where !server.isConnected {
                self.add(
                    .problem, "\(status.service) \(status.instance)", "is not connected to Redis at \(server.server)",
                    "look at that server; until then messages of its chatrooms take seconds instead of milliseconds")
            }
        }
        // A channel's server follows from the list: with another one people would listen where nobody speaks.
        let lists = Dictionary(grouping: statuses.filter { !$0.redis.isEmpty }) { Set($0.redis.map(\.server)) }
        if lists.count > 1 {
            let names = lists.values.map { $0.map(\.service).joined(separator: ", ") }.sorted()
            self.add(
                .problem, "all", "the services know different Redis servers: \(names.joined(separator: " against "))",
                "give all of them the same REDIS_URLS")
        }
    }

    private mutating func judgeClocks(_ examinations: [Examination]) {
        let clocks = examinations.compactMap { found in
            found.clock.map { (place: "\(found.service) at \(found.url)", $0.ahead, $0.uncertainty) }
        }
        guard let first = clocks.min(by: { $0.1 < $1.1 }), let last = clocks.max(by: { $0.1 < $1.1 }) else { return }
        let apart = last.1 - first.1 - first.2 - last.2
        guard apart > Self.noticedClockDifference else { return }
        self.add(
            apart > Self.maxClockDifference ? .problem : .warning, "all",
            "clocks are \(Self.seconds(apart)) apart: \(last.place) is ahead of \(first.place)",
            "let a time service set them: beyond \(Int(Self.maxClockDifference)) s tokens are refused")
    }

    private static func seconds(_ seconds: Double) -> String { "\((seconds * 10).rounded() / 10) s" }

    private mutating func add(_ severity: Finding.Severity, _ place: String, _ what: String, _ remedy: String) {
        self.findings.append(Finding(severity: severity, place: place, what: what, remedy: remedy))
    }
}
