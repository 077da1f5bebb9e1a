import Hummingbird
import Logging
import NIOCore
import Synchronization

/// `/health`, `/ready` and `/metrics` of the internal listener.
struct OperatorRoutes {
    let readiness: Readiness
    let metrics: PrometheusMetrics
    static let metricsPath = "/metrics"

    func add(to router: Router<ServiceContext>) {
        router.get("health", use: self.health)
        router.get("ready", use: self.ready)
        router.group(RouterPath(Self.metricsPath), context: InternalContext.self).get(use: self.metrics)
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

    /// `GET /metrics` → Prometheus text, for any holder of a service key.
    func metrics(request: Request, context: InternalContext) async -> Response {
        let conditions = await self.readiness.all().map {
            "service_ready{condition=\"\($0.name)\"} \($0.holds ? 1 : 0)\n"
        }
        let text = self.metrics.text + "# TYPE service_ready gauge\n" + conditions.joined() + ProcessMetrics.text
        return Response(
            status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
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
