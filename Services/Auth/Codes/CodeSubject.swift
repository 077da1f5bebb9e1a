import ChatAPI
import Crypto
import Foundation

/// What a code is good for: one purpose, one address, one user. It says nothing for any other.
struct CodeSubject: Hashable, Sendable {
    enum Purpose: String, Codable, Sendable {
        case register, resetPassword, changeEmail
    }

    let purpose: Purpose
    /// In lower case; empty where there is none, which no code is sent to.
    let address: String
    let userID: Int64

    /// Who registers is nobody yet.
    static func registration(of address: EmailAddress) -> Self {
        Self(purpose: .register, address: address.key, userID: 0)
    }

    static func change(to address: EmailAddress, by user: UserID) -> Self {
        Self(purpose: .changeEmail, address: address.key, userID: user.rawValue)
    }

    /// What a guess is at of somebody who does not exist, and has no address.
    static func reset(ofNobody username: String) -> Self {
        Self(purpose: .resetPassword, address: "\n\(username.lowercased())", userID: -1)
    }

    /// - Parameter user: `nil` where nobody has the address.
    static func reset(of user: UserID?, at address: String) -> Self {
        Self(purpose: .resetPassword, address: address.lowercased(), userID: user?.rawValue ?? -1)
    }

    /// What is kept of a code. Its digits are few, so whoever reads the table must not be able to try them: they lack `key`.
    func hash(of code: String, key: SymmetricKey) -> Data {
        let text = "\(self.purpose.rawValue)\n\(self.address)\n\(self.userID)\n\(code)"
        return Data(HMAC<SHA256>.authenticationCode(for: Data(text.utf8), using: key))
    }
}

/// How long codes hold, and how many there may be.
struct CodeLimits: Sendable {
    var lifetime: Duration = .seconds(15 * 60)
    /// Guesses at one code; after these the right one is dead too.
    var tries = 5
    /// Codes asked for in the window, by the address they go to and by where the call comes from.
    var perAddress = 5
    var perSource = 30
    var window: Duration = .seconds(3600)
}
