import HTTPTypes
import ServiceKit

/// Every refusal of Media's own.
enum MediaError: String, ServiceError {
    /// Also for what is there and none of the caller's business.
    case mediaNotFound = "media_not_found"
    case chatroomNotFound = "chatroom_not_found"
    /// Also for another's.
    case uploadNotFound = "upload_not_found"
    case clientIDConflict = "client_id_conflict"
    case quotaExceeded = "quota_exceeded"
    case tooManyUploads = "too_many_uploads"
    case rangeNotSatisfiable = "range_not_satisfiable"
    /// The scanner does not want it.
    case mediaRefused = "media_refused"
    case offsetConflict = "offset_conflict"
    case uploadLocked = "upload_locked"
    case uploadUnfinished = "upload_unfinished"
    case checksumMismatch = "checksum_mismatch"
    case versionNotSupported = "version_not_supported"

    var status: HTTPResponse.Status {
        switch self {
        case .mediaNotFound, .chatroomNotFound, .uploadNotFound: .notFound
        case .clientIDConflict, .offsetConflict, .uploadUnfinished: .conflict
        case .quotaExceeded: .contentTooLarge
        case .tooManyUploads: .tooManyRequests
        case .rangeNotSatisfiable: .rangeNotSatisfiable
        case .mediaRefused: .unprocessableContent
        case .uploadLocked: HTTPResponse.Status(code: 423, reasonPhrase: "Locked")
        case .checksumMismatch: HTTPResponse.Status(code: 460, reasonPhrase: "Checksum Mismatch")
        case .versionNotSupported: .preconditionFailed
        }
    }

    var message: String {
        switch self {
        case .mediaNotFound: "There is no such file."
        case .chatroomNotFound: "There is no such chatroom."
        case .uploadNotFound: "There is no such upload."
        case .clientIDConflict: "This client id belongs to a message with another file."
        case .quotaExceeded: "You have uploaded as much as you may."
        case .tooManyUploads: "You have too many unfinished uploads; finish or end some of them."
        case .rangeNotSatisfiable: "The file has no such part."
        case .mediaRefused: "This file is not taken here."
        case .offsetConflict: "The upload goes on at another place."
        case .uploadLocked: "Another request is at work on this upload."
        case .uploadUnfinished: "The upload has not come to its end."
        case .checksumMismatch: "The bytes are not those that the checksum is of."
        case .versionNotSupported: "Only tus 1.0.0 is spoken here."
        }
    }

    var retryAfter: Int? {
        switch self {
        case .tooManyUploads: 60
        case .uploadLocked: 1
        default: nil
        }
    }
}
