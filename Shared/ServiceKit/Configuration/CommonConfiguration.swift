import Logging

/// What every service is told.
package struct CommonConfiguration: Sendable {
    package var service: ServiceName
    package var mode: ConfigurationKeys.Mode
    package var logLevel: Logger.Level
    package var publicAddress: ListenAddress
    package var internalAddress: ListenAddress
    package var serviceKeys: ServiceKeys
    package var trustedProxies: TrustedProxies
    package var publicOrigins: PublicOrigins
    /// For a client to send the head of a request, and to go on with what it has begun to send or to take.
    package var clientTimeout: Duration
    /// Base URLs of the internal listeners of the others.
    package var urls: [ServiceName: [String]]
    package var redisURLs: [String]
    package var tls: InternalTLS
    /// `nil`: nothing is traced.
    package var tracing: TracingConfiguration?

    /// Known to every service, so that one environment can serve them all.
    static let sharedNames = Set(ServiceName.allCases.map { "\($0.inCapitals)_URLS" })

    package init(_ keys: ConfigurationKeys) {
        guard let service = ServiceName(rawValue: keys.service) else {
            preconditionFailure("no service is called \(keys.service)")
        }
        self.service = service
        self.mode = keys.mode
        self.logLevel = keys.choice("TEAHOUSE_LOG_LEVEL", default: .info, "what is logged")
        self.publicAddress = keys.address(
            "\(service.inCapitals)_PUBLIC_ADDRESS", default: ListenAddress(port: service.publicPort),
            "where the edge reaches this service")
        self.internalAddress = keys.address(
            "\(service.inCapitals)_INTERNAL_ADDRESS", default: ListenAddress(port: service.internalPort),
            "where the other services reach this one, and /health, /ready, /metrics; never routed by the edge")
        self.serviceKeys = ServiceKeys(keys)
        self.trustedProxies = TrustedProxies(keys)
        self.publicOrigins = PublicOrigins(keys)
        self.clientTimeout = keys.duration(
            "CLIENT_TIMEOUT", default: .seconds(10),
            "for a client to send the head of a request, each 10 KiB of its body, and to take any of an answer")
        self.urls = [:]
        for other in ServiceName.allCases where other != service {
            self.urls[other] = keys.urls(
                "\(other.inCapitals)_URLS", default: ["http://127.0.0.1:\(other.internalPort)"],
                "the internal listeners of \(other.rawValue)")
        }
        self.redisURLs = keys.list(
            "REDIS_URLS", default: ["redis://127.0.0.1:6379"],
            "the Redis servers; a channel has its place on one of them")
        self.tls = InternalTLS(keys)
        self.tracing = TracingConfiguration(keys)
    }

    /// A client of another service.
    package func client(
        of service: ServiceName, timeout: Duration = .seconds(5), tracer: Tracer? = .shared, logger: Logger
    ) -> ServiceClient {
        ServiceClient(
            service: service.rawValue, urls: self.urls[service] ?? [], key: self.serviceKeys.own, timeout: timeout,
            tls: self.tls.client, tracer: tracer, logger: logger)
    }

    /// For tests: local mode, free ports, and the well-known keys of local mode.
    package init(testing service: ServiceName) {
        self.init(
            ConfigurationKeys(
                service: service.rawValue,
                environment: [
                    "TEAHOUSE_MODE": "local", "\(service.inCapitals)_PUBLIC_ADDRESS": "127.0.0.1:0",
                    "\(service.inCapitals)_INTERNAL_ADDRESS": "127.0.0.1:0",
                ]))
    }
}
