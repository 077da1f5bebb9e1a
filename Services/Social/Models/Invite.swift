import ChatAPI
import Foundation
import ServiceKit

/// A link into a group, made now.
struct Invite: Hashable, Sendable {
    /// 128 bits that nobody guesses, as URLs take them.
    let code: String
    let expiresAt: Timestamp
    /// `nil`: as often as one likes.
    let maxUses: Int?

    /// How long one may hold.
    static let longest = 30 * 86_400
    static let usual = 7 * 86_400

    /// One that was made before.
    init(code: String, expiresAt: Timestamp, maxUses: Int?) {
        self.code = code
        self.expiresAt = expiresAt
        self.maxUses = maxUses
    }

    /// - Parameter expiresIn: in seconds.
    /// - Throws: ``RequestError/invalid(fields:)``.
    init(expiresIn: Int?, maxUses: Int?, now: Timestamp) throws(RequestError) {
        let seconds = expiresIn ?? Self.usual
        guard (60...Self.longest).contains(seconds) else {
            throw .invalid("expiresIn", "must be 60 to \(Self.longest) seconds")
        }
        if let maxUses, !(1...10_000).contains(maxUses) { throw .invalid("maxUses", "must be 1 to 10000") }
        self.code = Base64URL.encode((0..<16).map { _ in UInt8.random(in: .min ... .max) })
        self.expiresAt = Timestamp(milliseconds: now.milliseconds + Int64(seconds) * 1000)
        self.maxUses = maxUses
    }
}

/// Somebody who waits to be let into a group, as kept.
struct JoinRequestRecord: Hashable, Sendable {
    var user: UserID
    var invitedBy: UserID
    var createdAt: Timestamp
    /// When they have come, in microseconds: their place in the line.
    var place: Int64

    var cursor: JoinRequestCursor { JoinRequestCursor(microseconds: self.place, user: self.user) }
}

/// A place in the line of who waits: `<microseconds>-<user id>`.
struct JoinRequestCursor: Hashable, Sendable, LosslessStringConvertible {
    let microseconds: Int64
    let user: UserID

    init(microseconds: Int64, user: UserID) {
        self.microseconds = microseconds
        self.user = user
    }

    init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let microseconds = Int64(parts[0]), microseconds > 0,
            let user = UserID(String(parts[1]))
        else { return nil }
        self.init(microseconds: microseconds, user: user)
    }

    var description: String { "\(self.microseconds)-\(self.user)" }
}
