import HTTPTypes
import ServiceKit

/// Every refusal of Media's own.
enum MediaError: String, ServiceError {
    /// Also for what is there and none of the caller's business.
    case mediaNotFound = "media_not_found"
    case chatroomNotFound = "chatroom_not_found"
    case clientIDConflict = "client_id_conflict"
    case quotaExceeded = "quota_exceeded"
    case rangeNotSatisfiable = "range_not_satisfiable"

    var status: HTTPResponse.Status {
        switch self {
        case .mediaNotFound, .chatroomNotFound: .notFound
        case .clientIDConflict: .conflict
        case .quotaExceeded: .contentTooLarge
        case .rangeNotSatisfiable: .rangeNotSatisfiable
        }
    }

    var message: String {
        switch self {
        case .mediaNotFound: "There is no such file."
        case .chatroomNotFound: "There is no such chatroom."
        case .clientIDConflict: "This client id belongs to a message with another file."
        case .quotaExceeded: "You have uploaded as much as you may."
        case .rangeNotSatisfiable: "The file has no such part."
        }
    }
}
