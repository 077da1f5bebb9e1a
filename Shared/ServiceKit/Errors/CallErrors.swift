import ChatAPI
import HTTPTypes

/// Another service has refused our call. Thrown on from a route it is the same refusal to our own caller.
package struct RefusedByService: ServiceError, Hashable {
    package let status: HTTPResponse.Status
    private let received: ErrorBody

    package init(_ body: ErrorBody, status: HTTPResponse.Status) {
        self.received = body
        self.status = status
    }

    package var code: String { self.received.code }
    package var message: String { self.received.message }
    package var fields: [String: String]? { self.received.fields }
    package var retryAfter: Int? { self.received.retryAfter }
}

/// Another service could not be reached, did not answer in time, failed, or answered what we do not understand.
/// A failure of ours: clients see 503.
package struct ServiceUnavailable: Error, CustomStringConvertible {
    package let service: String
    /// For the log only.
    package let reason: String

    package init(service: String, reason: String) {
        self.service = service
        self.reason = reason
    }

    package var description: String { "\(self.service) is unavailable: \(self.reason)" }
}

/// Thrown by what is done before a service can work, when trying again cannot help. The process ends.
package struct CannotStart: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
