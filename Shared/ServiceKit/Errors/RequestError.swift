import HTTPTypes

/// The refusals that every service knows.
package enum RequestError: ServiceError, Hashable {
    /// What was sent cannot be taken; `fields` says which part and why.
    case invalid(fields: [String: String])
    case unauthenticated
    case forbidden
    case notFound
    case methodNotAllowed(allowed: [String])
    case timedOut
    case tooLarge
    case unsupportedMediaType
    /// `retryAfter` in seconds.
    case tooManyRequests(retryAfter: Int)
    /// Our failure, or too much at once; `retryAfter` in seconds.
    case unavailable(retryAfter: Int)

    /// One wrong field.
    package static func invalid(_ field: String, _ why: String) -> Self { .invalid(fields: [field: why]) }

    package static var unavailable: Self { .unavailable(retryAfter: 1) }

    package var code: String {
        switch self {
        case .invalid: "invalid_request"
        case .unauthenticated: "unauthenticated"
        case .forbidden: "forbidden"
        case .notFound: "not_found"
        case .methodNotAllowed: "method_not_allowed"
        case .timedOut: "timed_out"
        case .tooLarge: "too_large"
        case .unsupportedMediaType: "unsupported_media_type"
        case .tooManyRequests: "too_many_requests"
        case .unavailable: "unavailable"
        }
    }

    package var status: HTTPResponse.Status {
        switch self {
        case .invalid: .badRequest
        case .unauthenticated: .unauthorized
        case .forbidden: .forbidden
        case .notFound: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .timedOut: .requestTimeout
        case .tooLarge: .contentTooLarge
        case .unsupportedMediaType: .unsupportedMediaType
        case .tooManyRequests: .tooManyRequests
        case .unavailable: .serviceUnavailable
        }
    }

    package var message: String {
        switch self {
        case .invalid: "The request is not valid."
        case .unauthenticated: "A valid access token is needed."
        case .forbidden: "This is not allowed."
        case .notFound: "There is nothing here."
        case .methodNotAllowed: "This method is not allowed here."
        case .timedOut: "The request took too long to arrive."
        case .tooLarge: "The request is too large."
        case .unsupportedMediaType: "The content type or encoding is not supported."
        case .tooManyRequests: "Too many requests; try again later."
        case .unavailable: "The service cannot answer now; try again shortly."
        }
    }

    package var fields: [String: String]? {
        if case .invalid(let fields) = self { fields } else { nil }
    }

    package var retryAfter: Int? {
        switch self {
        case .tooManyRequests(let seconds), .unavailable(let seconds): seconds
        default: nil
        }
    }
}
