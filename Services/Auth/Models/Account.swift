import ChatAPI
import Postgres

/// A user as they see themself.
struct Account: Codable, Hashable, Sendable {
    var id: UserID
    var username: String
    var nickname: String
    var avatar: String?
    var bio: String
    var email: String?
    /// Whether a code that was sent there has come back.
    var emailVerified: Bool
    var createdAt: Timestamp

    /// What the others see.
    var profile: Profile {
        Profile(id: self.id, username: self.username, nickname: self.nickname, avatar: self.avatar)
    }
}

extension Account: PostgresRowDecodable {
    /// What of `auth.users` makes one.
    static var columns: SQL {
        "id, username, nickname, avatar, bio, email, email_verified_at IS NOT NULL AS email_verified, created_at"
    }

    init(row: PostgresRow) throws(PostgresError) {
        self.id = try row.get("id")
        self.username = try row.get("username")
        self.nickname = try row.get("nickname")
        self.avatar = try row.get("avatar")
        self.bio = try row.get("bio")
        self.email = try row.get("email")
        self.emailVerified = try row.get("email_verified")
        self.createdAt = Timestamp(try row.get("created_at"))
    }
}

extension Profile: PostgresRowDecodable {
    package init(row: PostgresRow) throws(PostgresError) {
        self.init(
            id: try row.get("id"), username: try row.get("username"), nickname: try row.get("nickname"),
            avatar: try row.get("avatar"))
    }
}
