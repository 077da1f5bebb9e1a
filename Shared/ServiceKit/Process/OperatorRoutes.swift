import ChatAPI
import Hummingbird
import Logging
import NIOCore
import Synchronization

/// `/health`, `/ready`, `/metrics` and `/internal/status` of the internal listener.
struct OperatorRoutes {
    let readiness: Readiness
    let metrics: PrometheusMetrics
    let reports: StatusReports

    func add(to router: Router<ServiceContext>) {
        router.get("health", use: self.health)
        router.get("ready", use: self.ready)
        router.get("metrics", use: self.metrics)
        router.group("internal", context: OperatorContext.self).get("status", use: self.status)
    }

    /// `GET /health` → 200 as long as the process can answer at all.
    func health(request: Request, context: ServiceContext) -> Answer<Status> { Answer(Status(status: "alive")) }

    /// `GET /ready` → 200 where the service can do its work now, else 503; no detail, that is for the log.
    func ready(request: Request, context: ServiceContext) async -> Answer<Status> {
        let lacking = await self.readiness.lacking()
        guard lacking.isEmpty else {
            context.logger.debug("not ready", metadata: ["lacking": "\(lacking.joined(separator: ", "))"])
            return Answer(Status(status: "not ready"), status: .serviceUnavailable)
        }
        return Answer(Status(status: "ready"))
    }

    /// `GET /metrics` → Prometheus text, for any holder of a key.
    func metrics(request: Request, context: ServiceContext) async throws -> Response {
        guard context.caller != nil else { throw RequestError.unauthenticated }
        let conditions = await self.readiness.all().map {
            "service_ready{condition=\"\($0.name)\"} \($0.holds ? 1 : 0)\n"
        }
        let text = self.metrics.text + "# TYPE service_ready gauge\n" + conditions.joined() + ProcessMetrics.text
        return Response(
            status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    /// `GET /internal/status` → 200, what this process tells of itself.
    func status(request: Request, context: OperatorContext) async -> Answer<ServiceStatus> {
        var status = await self.reports.status()
        status.lacking = await self.readiness.lacking()
        return Answer(status)
    }

    struct Status: Encodable, Sendable {
        var status: String
    }
}

/// The conditions under which a service can do its work.
final class Readiness: Sendable {
    private let conditions = Mutex<[(name: String, holds: @Sendable () async -> Bool)]>([])

    func add(_ name: String, _ condition: @escaping @Sendable () async -> Bool) {
        self.conditions.withLock { $0.append((name, condition)) }
    }

    /// The names of those that do not hold.
    func lacking() async -> [String] { await self.all().filter { !$0.holds }.map(\.name) }

    func all() async -> [(name: String, holds: Bool)] {
        var all: [(name: String, holds: Bool)] = []
        for condition in self.conditions.withLock({ $0 }) { all.append((condition.name, await condition.holds())) }
        return all
    }
}

/// Who has something to say when an operator asks for the status.
final class StatusReports: Sendable {
    typealias Report = @Sendable (inout ServiceStatus) async -> Void

    private let reports = Mutex<[Report]>([])
    private let service: String
    private let instance: String
    private let mode: String
    private let startedAt = Timestamp.now

    init(service: String, instance: String, mode: String) {
        self.service = service
        self.instance = instance
        self.mode = mode
    }

    func add(_ report: @escaping Report) { self.reports.withLock { $0.append(report) } }

    func status() async -> ServiceStatus {
        var status = ServiceStatus(
            service: self.service, instance: self.instance, version: Version.current, mode: self.mode,
            startedAt: self.startedAt, now: .now)
        for report in self.reports.withLock({ $0 }) { await report(&status) }
        // As late as can be: the asker compares it with its own clock.
        status.now = .now
        return status
    }
}
