import ChatAPI
import HTTPTypes

/// A refusal: an answer a client can receive, with a stable code, a status and a sentence. Anything else that is thrown
/// is a failure, which clients see as 503 without detail.
///
/// A service lists its refusals in one `enum …Error: String, ServiceError`, whose raw values are the codes.
package protocol ServiceError: Error {
    /// Stable, `snake_case`; programs decide by it.
    var code: String { get }
    var status: HTTPResponse.Status { get }
    /// A sentence for people, without any detail of ours.
    var message: String { get }
    /// Which fields were wrong and how, for `invalid_request`.
    var fields: [String: String]? { get }
    /// Seconds, where it helps to try again.
    var retryAfter: Int? { get }
}

extension ServiceError {
    package var fields: [String: String]? { nil }
    package var retryAfter: Int? { nil }

    package var body: ErrorBody {
        ErrorBody(code: self.code, message: self.message, fields: self.fields, retryAfter: self.retryAfter)
    }
}

extension ServiceError where Self: RawRepresentable, Self.RawValue == String {
    package var code: String { self.rawValue }
}
