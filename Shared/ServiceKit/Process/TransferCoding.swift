import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTPTypes

/// A request whose body ends nobody knows where, as its transfer coding is not `chunked` (RFC 9112 §6.3): what follows it
/// could be taken for a request that somebody hides in it.
///
/// It is the last that is heard of its connection, and the router refuses it. One per connection, on its event loop.
final class TransferCodingHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart

    private var isDeaf = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !self.isDeaf else { return }
        guard case .head(var head) = Self.unwrapInboundIn(data), !TransferCodingMiddleware.knows(head.headerFields)
        else { return context.fireChannelRead(data) }
        self.isDeaf = true
        head.headerFields[.connection] = "close"
        context.fireChannelRead(Self.wrapInboundOut(.head(head)))
        context.fireChannelRead(Self.wrapInboundOut(.end(nil)))
    }
}

@available(*, unavailable)
extension TransferCodingHandler: Sendable {}

/// Answers 400 to what ``TransferCodingHandler`` has cut off.
struct TransferCodingMiddleware: RouterMiddleware {
    typealias Context = ServiceContext

    func handle(
        _ request: Request, context: ServiceContext, next: (Request, ServiceContext) async throws -> Response
    ) async throws -> Response {
        guard Self.knows(request.headers) else { throw RequestError.invalid("Transfer-Encoding", "is not chunked") }
        return try await next(request, context)
    }

    static func knows(_ headers: HTTPFields) -> Bool {
        headers[.transferEncoding].map { $0.lowercased() == "chunked" } ?? true
    }
}
