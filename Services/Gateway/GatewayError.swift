import HTTPTypes
import ServiceKit

/// Every refusal of the Gateway's own; the general ones are ``RequestError``, and History's come through untouched.
enum GatewayError: String, ServiceError {
    /// Also for a chatroom that exists and is none of the caller's business.
    case chatroomNotFound = "chatroom_not_found"
    case unknownEvent = "unknown_event"

    var status: HTTPResponse.Status {
        switch self {
        case .chatroomNotFound: .notFound
        case .unknownEvent: .badRequest
        }
    }

    var message: String {
        switch self {
        case .chatroomNotFound: "There is no such chatroom."
        case .unknownEvent: "There is no event of this name."
        }
    }
}
