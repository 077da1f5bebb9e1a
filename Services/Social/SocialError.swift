import HTTPTypes
import ServiceKit

/// Every refusal of this service, beside those that all services know (``RequestError``).
enum SocialError: String, ServiceError {
    case userNotFound = "user_not_found"
    case friendNotFound = "friend_not_found"
    case friendRequestNotFound = "friend_request_not_found"
    case blockNotFound = "block_not_found"
    case chatroomNotFound = "chatroom_not_found"
    case memberNotFound = "member_not_found"
    case forbidden = "forbidden"
    case requestNotAllowed = "request_not_allowed"
    case alreadyFriends = "already_friends"
    case alreadyRequested = "already_requested"
    case notPending = "not_pending"
    case chatroomFull = "chatroom_full"
    case ownerCannotLeave = "owner_cannot_leave"
    case inviteNotFound = "invite_not_found"
    case joinRequestNotFound = "join_request_not_found"
    case tooManyInvites = "too_many_invites"
    case messageNotFound = "message_not_found"
    case reportNotFound = "report_not_found"
    case reportSettled = "report_settled"

    var status: HTTPResponse.Status {
        switch self {
        case .userNotFound, .friendNotFound, .friendRequestNotFound, .blockNotFound, .chatroomNotFound, .memberNotFound,
            .inviteNotFound, .joinRequestNotFound, .messageNotFound, .reportNotFound:
            .notFound
        case .forbidden, .requestNotAllowed: .forbidden
        case .alreadyFriends, .alreadyRequested, .notPending, .chatroomFull, .ownerCannotLeave, .tooManyInvites,
            .reportSettled:
            .conflict
        }
    }

    var message: String {
        switch self {
        case .userNotFound: "There is no such user."
        case .friendNotFound: "This person is not your friend."
        case .friendRequestNotFound: "There is no such friend request."
        case .blockNotFound: "You have not blocked this person."
        case .chatroomNotFound: "There is no such chatroom."
        case .memberNotFound: "This person is not in the chatroom."
        case .forbidden: "This is not allowed."
        case .requestNotAllowed: "This person does not take friend requests in this way."
        case .alreadyFriends: "You are friends already."
        case .alreadyRequested: "Your request is waiting for an answer."
        case .notPending: "This request has been answered or taken back."
        case .chatroomFull: "The chatroom has no room for more members."
        case .ownerCannotLeave: "The owner cannot leave; hand the chatroom over or dissolve it first."
        case .inviteNotFound: "This invitation holds no longer."
        case .joinRequestNotFound: "Nobody of this name waits to be let in."
        case .tooManyInvites: "The chatroom has as many invitations as it may have."
        case .messageNotFound: "There is no such message."
        case .reportNotFound: "There is no such report."
        case .reportSettled: "The report cannot be moved from its state to this one."
        }
    }
}
