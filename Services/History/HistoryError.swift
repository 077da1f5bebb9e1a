import HTTPTypes
import ServiceKit

/// Every refusal of History, besides those that all services know.
enum HistoryError: String, ServiceError {
    /// There is none, or the caller is not in it: a stranger cannot tell.
    case chatroomNotFound = "chatroom_not_found"
    /// There is no such message, or the caller may not see it.
    case messageNotFound = "message_not_found"
    case favoriteNotFound = "favorite_not_found"
    /// The sender has stored another message in this chatroom under this client id.
    case clientIdConflict = "client_id_conflict"
    /// A member who is muted or blocked, or whose message it is not.
    case forbidden = "forbidden"
    /// What was recalled cannot be changed any more.
    case messageRecalled = "message_recalled"
    /// One's own message, but the time to recall it is over.
    case tooLateToRecall = "too_late_to_recall"
    case tooManyReactions = "too_many_reactions"

    var status: HTTPResponse.Status {
        switch self {
        case .chatroomNotFound, .messageNotFound, .favoriteNotFound: .notFound
        case .clientIdConflict, .messageRecalled, .tooLateToRecall, .tooManyReactions: .conflict
        case .forbidden: .forbidden
        }
    }

    var message: String {
        switch self {
        case .chatroomNotFound: "There is no such chatroom."
        case .messageNotFound: "There is no such message."
        case .favoriteNotFound: "There is no such favorite."
        case .clientIdConflict: "Another message was sent with this client id."
        case .forbidden: "You may not do this here now."
        case .messageRecalled: "The message was recalled."
        case .tooLateToRecall: "It is too late to recall this message."
        case .tooManyReactions: "You have too many reactions to this message."
        }
    }
}
