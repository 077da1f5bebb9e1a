import HTTPTypes
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOSSL

/// One of a service's two HTTP servers.
enum Listener {
    static func make(
        _ router: Router<ServiceContext>, at address: ListenAddress, clientTimeout: Duration,
        proxies: TrustedProxies, timeout: @escaping @Sendable (Request) -> Duration, tls: TLSConfiguration? = nil,
        logger: Logger
    ) -> some ApplicationProtocol {
        self.addMethodNotAllowed(to: router)
        let http = HTTP1Channel.Configuration(
            additionalChannelHandlers: [
                PatienceHandler(limit: clientTimeout, proxies: proxies), TransferCodingHandler(),
            ],
            idleTimeout: .seconds(75),
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: 16 * 1024, maxHeaderListSize: 32 * 1024, maxHeaderFieldCount: 100))
        return Application(
            responder: TimeoutResponder(base: router.buildResponder(), timeout: timeout),
            server: HTTPServerBuilder { responder in
                let channel = HTTP1Channel(responder: responder, configuration: http)
                return if let tls { try TLSChannel(channel, tlsConfiguration: tls) } else { channel }
            },
            configuration: ApplicationConfiguration(
                address: .hostname(address.host, port: address.port), serverName: nil, backlog: 4096),
            logger: logger)
    }

    /// Where a path has routes, its other methods answer 405 and which there are, instead of 404.
    private static func addMethodNotAllowed(to router: Router<ServiceContext>) {
        var allowed: [String: (path: RouterPath, methods: Set<HTTPRequest.Method>)] = [:]
        for route in router.routes {
            allowed[route.path.description, default: (route.path, [])].methods.insert(route.method)
        }
        for (path, methods) in allowed.values {
            let head: Set<HTTPRequest.Method> = methods.contains(.get) ? [.head] : []
            let names = methods.union(head).map(\.rawValue).sorted()
            for method in Self.methods.subtracting(methods).subtracting(head) {
                router.on(path, method: method) { _, _ -> Response in
                    throw RequestError.methodNotAllowed(allowed: names)
                }
            }
        }
    }

    private static let methods: Set<HTTPRequest.Method> = [
        .get, .head, .post, .put, .patch, .delete, .options, .trace, .connect,
    ]
}

/// Ends a request that takes too long: its task is cancelled and 503 is answered.
struct TimeoutResponder<Base: HTTPResponder<ServiceContext>>: HTTPResponder {
    let base: Base
    let timeout: @Sendable (Request) -> Duration

    func respond(to request: Request, context: ServiceContext) async throws -> Response {
        try await withThrowingTaskGroup(of: Response?.self) { group in
            group.addTask { try await self.base.respond(to: request, context: context) }
            let timeout = self.timeout(request)
            group.addTask {
                try await Task.sleep(for: timeout)
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let response = first else {
                context.logger.error(
                    "a request took too long", metadata: ["route": "\(context.endpointPath ?? "none")"])
                return Response(RequestError.unavailable)
            }
            return response
        }
    }
}
