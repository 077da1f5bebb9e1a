import HTTPTypes
import ServiceKit

/// Every refusal of Auth's own; the general ones are ``RequestError``.
enum AuthError: String, ServiceError {
    case usernameTaken = "username_taken"
    case invalidCredentials = "invalid_credentials"
    case wrongPassword = "wrong_password"
    case userNotFound = "user_not_found"
    case sessionNotFound = "session_not_found"
    case invalidCode = "invalid_code"
    case emailTaken = "email_taken"
    case mailOff = "mail_off"
    case totpRequired = "totp_required"
    case totpActive = "totp_active"
    case accountDisabled = "account_disabled"

    var status: HTTPResponse.Status {
        switch self {
        case .usernameTaken, .emailTaken, .totpActive: .conflict
        case .invalidCode: .badRequest
        case .mailOff: .notImplemented
        case .invalidCredentials, .totpRequired: .unauthorized
        // Not 401: the token is good, and nobody is to be signed out for a slip of the fingers.
        case .wrongPassword, .accountDisabled: .forbidden
        case .userNotFound, .sessionNotFound: .notFound
        }
    }

    var message: String {
        switch self {
        case .usernameTaken: "This username is taken."
        case .invalidCredentials: "Username or password is wrong."
        case .wrongPassword: "The password is wrong."
        case .userNotFound: "There is no such user."
        case .sessionNotFound: "There is no such session."
        case .invalidCode: "The code is wrong, or holds no longer."
        case .emailTaken: "Another account has this address."
        case .totpRequired: "A code of your second factor is needed too."
        case .totpActive: "There is a second factor already; remove it first."
        case .accountDisabled: "This account was disabled; ask the operator of this server."
        case .mailOff: "This server sends no mail; ask its operator."
        }
    }
}

/// More passwords wait to be checked than the threads get through in a second.
extension WorkerThreads.QueueFull: ServiceError {
    var code: String { RequestError.unavailable.code }
    var status: HTTPResponse.Status { RequestError.unavailable.status }
    var message: String { RequestError.unavailable.message }
    var retryAfter: Int? { 1 }
}
