import ChatAPI
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1

/// Turns whatever a route throws into the one error body. A failure is logged here, once, and becomes a 503 that tells
/// nothing.
struct ErrorMiddleware: RouterMiddleware {
    typealias Context = ServiceContext

    func handle(
        _ request: Request, context: ServiceContext, next: (Request, ServiceContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as HTTPParserError {
            // The connection is beyond repair; the server answers 400 and closes it.
            throw error
        } catch {
            let response = Self.response(for: error, logger: context.logger)
            // RFC 9110 §9.3.2: the headers that GET would have, and nothing behind them.
            return request.method == .head ? response.createHeadResponse() : response
        }
    }

    static func response(for error: any Error, logger: Logger) -> Response {
        let refusal = Self.refusal(for: error)
        if let failure = refusal.failure {
            logger.error("a request failed", metadata: ["error": "\(failure)", "type": "\(type(of: failure))"])
        }
        return Response(refusal.answer)
    }

    /// What the client sees of an error, and the error itself where it is a failure of ours.
    private static func refusal(for error: any Error) -> (answer: any ServiceError, failure: (any Error)?) {
        switch error {
        case let error as any ServiceError:
            return (error, nil)
        case is NIOTooManyBytesError:
            return (RequestError.tooLarge, nil)
        case let error as any HTTPResponseError:
            switch error.status {
            case .badRequest: return (RequestError.invalid(fields: [:]), nil)
            case .unauthorized: return (RequestError.unauthenticated, nil)
            case .forbidden: return (RequestError.forbidden, nil)
            case .notFound: return (RequestError.notFound, nil)
            case .methodNotAllowed: return (RequestError.methodNotAllowed(allowed: []), nil)
            case .requestTimeout: return (RequestError.timedOut, nil)
            case .contentTooLarge: return (RequestError.tooLarge, nil)
            case .unsupportedMediaType: return (RequestError.unsupportedMediaType, nil)
            case .tooManyRequests: return (RequestError.tooManyRequests(retryAfter: 1), nil)
            default: return (RequestError.unavailable, error)
            }
        default:
            return (RequestError.unavailable, error)
        }
    }
}

extension Response {
    /// The answer for a refusal: its body, `Retry-After`, `Allow`, and the challenge that RFC 9110 §11.6.1 wants with 401.
    package init(_ refusal: any ServiceError) {
        var headers: HTTPFields = [.contentType: "application/json; charset=utf-8"]
        if let retryAfter = refusal.retryAfter { headers[.retryAfter] = String(retryAfter) }
        if refusal.status == .unauthorized { headers[.wwwAuthenticate] = "Bearer" }
        if case .methodNotAllowed(let allowed) = refusal as? RequestError, !allowed.isEmpty {
            headers[.allow] = allowed.joined(separator: ", ")
        }
        // ErrorBody holds nothing that could fail to encode.
        let body = (try? JSONEncoder.teahouse.encode(refusal.body)) ?? Data()
        self.init(status: refusal.status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }
}
