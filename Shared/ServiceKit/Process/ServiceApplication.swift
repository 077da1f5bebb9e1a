import ChatAPI
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Metrics
import NIOCore
import ServiceLifecycle
import UnixSignals

/// A service of Teahouse as one process: a public listener, an internal one, and the work behind them.
///
/// A service's `application(_:)` makes one, adds what it is made of, dependencies first, and its routes. Not `Sendable`:
/// it is put together by one task, and then run.
package struct ServiceApplication {
    package let configuration: CommonConfiguration
    package let logger: Logger
    /// What answers the edge, with the contract's full paths.
    package let routes: Router<ServiceContext>
    /// What answers other services and operators, under `/internal`. Every route there is to be made for an
    /// ``InternalContext`` or an ``OperatorContext``.
    package let internalRoutes: Router<ServiceContext>
    private let metrics: PrometheusMetrics
    private let readiness = Readiness()
    private let reports: StatusReports
    private let tracer: Tracer?
    private var services: [any Service] = []
    private var publicService: (any Service)?
    private var shutdownTime = Duration.seconds(10)
    private let requestTimeout: @Sendable (Request) -> Duration

    /// - Parameters:
    ///   - tokens: checks the access tokens of the public listener.
    ///   - renewal: renews those that are old.
    ///   - requestTimeout: how long a request on the public listener may take.
    package init(
        _ configuration: CommonConfiguration, tokens: TokenVerifier, renewal: TokenRenewal? = nil,
        requestTimeout: @escaping @Sendable (Request) -> Duration = { _ in .seconds(30) },
        metrics: PrometheusMetrics = .shared, tracer: Tracer? = .shared, logger: Logger? = nil
    ) {
        self.configuration = configuration
        self.tracer = tracer
        self.reports = StatusReports(
            service: configuration.service.rawValue, instance: configuration.internalAddress.description,
            mode: configuration.mode.rawValue)
        self.logger = logger ?? Logger(label: configuration.service.rawValue)
        self.metrics = metrics
        self.requestTimeout = requestTimeout
        func requests(beginTraces: Bool) -> RequestMiddleware {
            RequestMiddleware(
                proxies: configuration.trustedProxies, metrics: metrics, tracer: tracer, beginsTraces: beginTraces)
        }
        self.routes = Router(context: ServiceContext.self, options: .autoGenerateHeadEndpoints)
        self.routes.add(middleware: requests(beginTraces: true))
        self.routes.add(middleware: ErrorMiddleware())
        self.routes.add(middleware: TransferCodingMiddleware())
        self.routes.add(
            middleware: AuthenticationMiddleware(tokens: tokens, origins: configuration.publicOrigins))
        if let renewal {
            self.routes.add(middleware: renewal)
            // Once more, so that a refusal too carries the renewed token.
            self.routes.add(middleware: ErrorMiddleware())
        }
        self.internalRoutes = Router(context: ServiceContext.self, options: .autoGenerateHeadEndpoints)
        self.internalRoutes.add(middleware: requests(beginTraces: false))
        self.internalRoutes.add(middleware: ErrorMiddleware())
        self.internalRoutes.add(middleware: TransferCodingMiddleware())
        self.internalRoutes.add(middleware: ServiceKeyMiddleware(keys: configuration.serviceKeys))
        OperatorRoutes(readiness: self.readiness, metrics: metrics, reports: self.reports).add(to: self.internalRoutes)
        self.readiness.add("tokens") { tokens.isLoaded }
    }

    /// A client of another service.
    package func client(of service: ServiceName, timeout: Duration = .seconds(5)) -> ServiceClient {
        self.configuration.client(of: service, timeout: timeout, tracer: self.tracer, logger: self.logger)
    }

    /// Adds long work. What others depend on comes first: it is started before them and stopped after them.
    package mutating func add(_ services: any Service...) { self.services += services }

    /// Puts something else in the place of the public listener, for a service that speaks another protocol than HTTP there;
    /// `routes` then answer nobody. The whole service has `shutdownTime` to end.
    package mutating func listenPublicly(with service: any Service, shutdownTime: Duration) {
        self.publicService = service
        self.shutdownTime = shutdownTime
    }

    /// `/ready` answers 200 only while every condition holds.
    package func readyWhen(_ name: String, _ condition: @escaping @Sendable () async -> Bool) {
        self.readiness.add(name, condition)
    }

    /// What operators are told when they ask for this process's status.
    package func report(_ report: @escaping @Sendable (inout ServiceStatus) async -> Void) { self.reports.add(report) }

    /// Work that must be done before the service can answer, as migrations. It is tried again every second until it
    /// succeeds; the process is alive and not ready meanwhile. ``CannotStart`` ends the process.
    package mutating func prepare(_ name: String, _ work: @escaping @Sendable () async throws -> Void) {
        let preparation = Preparation(name: name, logger: self.logger, work: work)
        self.readiness.add(name) { preparation.isDone }
        self.services.append(preparation)
    }

    /// The listener for the edge; for `app.test(.router)` too.
    package var publicListener: some ApplicationProtocol {
        Listener.make(
            self.routes, at: self.configuration.publicAddress, clientTimeout: self.configuration.clientTimeout,
            proxies: self.configuration.trustedProxies, timeout: self.requestTimeout, logger: self.logger)
    }

    /// The listener for other services and for operators.
    package var internalListener: some ApplicationProtocol {
        Listener.make(
            self.internalRoutes, at: self.configuration.internalAddress,
            clientTimeout: self.configuration.clientTimeout, proxies: self.configuration.trustedProxies,
            timeout: { _ in .seconds(30) }, tls: self.configuration.tls.server, logger: self.logger)
    }

    /// Runs until SIGTERM or SIGINT; then the listeners end first, what they depend on after them.
    package func run() async throws {
        let publicService = self.publicService ?? self.publicListener
        // First, so that it ends last, with what the others have left.
        let tracers: [any Service] = self.tracer.map { [$0] } ?? []
        var group = ServiceGroupConfiguration(
            services: (tracers + self.services + [self.internalListener, publicService]).map {
                ServiceGroupConfiguration.ServiceConfiguration(service: $0)
            }, gracefulShutdownSignals: [.sigterm, .sigint], logger: self.logger)
        group.maximumGracefulShutdownDuration = self.shutdownTime
        self.logger.notice(
            "starting",
            metadata: [
                "public": "\(self.configuration.publicAddress)", "internal": "\(self.configuration.internalAddress)",
            ])
        try await ServiceGroup(configuration: group).run()
        self.logger.notice("stopped")
    }
}
