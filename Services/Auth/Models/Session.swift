import ChatAPI
import Foundation
import Postgres

/// One sign-in of a user on a device: what a token stands for.
struct Session: Hashable, Sendable {
    var id: SessionID
    var user: UserID
    var device: String?
    /// Where the person signed in from.
    var address: String
    var createdAt: Date
    /// When its newest token was made.
    var lastUsedAt: Date
    /// When the last of its tokens expires by itself.
    var expiresAt: Date
}

extension Session: PostgresRowDecodable {
    init(row: PostgresRow) throws(PostgresError) {
        self.id = try row.get("id")
        self.user = try row.get("user_id")
        self.device = try row.get("device")
        self.address = try row.get("address")
        self.createdAt = try row.get("created_at")
        self.lastUsedAt = try row.get("last_used_at")
        self.expiresAt = try row.get("expires_at")
    }
}

/// How long a session goes on.
struct SessionLife: Sendable {
    /// A token lives this long, so a session in which none is renewed ends after it.
    var idle: Duration = .seconds(7 * 86_400)
    /// After this no token is renewed, however busy the session is.
    var longest: Duration = .seconds(90 * 86_400)

    /// When a token made now for a session begun at `start` expires; `nil` when the session is over.
    func expiry(of start: Date, now: Date) -> Date? {
        let end = start + self.longest.seconds
        return now < end ? min(now + self.idle.seconds, end) : nil
    }
}

extension Duration {
    /// As Foundation counts time.
    var seconds: TimeInterval { TimeInterval(self.components.seconds) + Double(self.components.attoseconds) / 1e18 }
}
