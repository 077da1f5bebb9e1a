package import Postgres

/// Accounts and sessions in Auth's database, as if people had registered and signed in.
package struct AuthSeed: Sendable {
    package var sizes: PeopleSizes
    /// Everybody's password, as Auth keeps one.
    package var passwordHash: String
    /// The first so many users are signed in, each in the session of ``session(of:)``.
    package var sessions: Int64

    package init(_ sizes: PeopleSizes, passwordHash: String, sessions: Int64) {
        self.sizes = sizes
        self.passwordHash = passwordHash
        self.sessions = min(sessions, sizes.users)
    }

    package static func username(of user: Int64) -> String {
        "\(Self.words[Int(user % Int64(Self.words.count))])\(user)"
    }

    /// A UUID that holds the user's id.
    package static func session(of user: Int64) -> String {
        let digits = String(user, radix: 16)
        return "5eed0000-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits
    }

    private static let words = [
        "amber", "bamboo", "cedar", "dragon", "ember", "forest", "garden", "harbour", "island", "jasmine", "kettle",
        "lantern", "meadow", "north", "orchid", "porcelain", "quiet", "river", "silver", "teapot", "umber", "valley",
        "willow", "yellow", "zephyr",
    ]
    private static let names = [
        "安娜", "白露", "陈晨", "丁香", "方圆", "高远", "何欢", "江南", "李明", "林深", "马跃", "宁静", "王磊", "吴越", "小雨", "徐来",
        "杨柳", "张伟", "赵云", "周末", "Alice", "Bob", "Carol", "Dave", "Erin", "Frank", "Grace", "Heidi", "Ivan", "Judy",
    ]

    /// - Throws: ``PostgresError``, a unique violation among them where there are users already.
    package func fill(_ postgres: Postgres) async throws {
        precondition(self.sizes.problem == nil, "sizes are checked before")
        try await postgres.fill([self.users, self.sessionRows, Self.next], analyzing: ["auth.users", "auth.sessions"])
    }

    private var users: SQL {
        """
        INSERT INTO auth.users (id, username, password_hash, nickname, created_at) OVERRIDING SYSTEM VALUE
        SELECT u, (\(Self.words))[(1 + u % \(Int64(Self.words.count)))::int] || u, \(self.passwordHash),
            (\(Self.names))[(1 + u * 7 % \(Int64(Self.names.count)))::int] || CASE WHEN u % 3 = 0 THEN '' ELSE (u % 1000)::text END,
            '2026-01-01T00:00:00Z'::timestamptz - (\(self.sizes.users) - u) * interval '10 seconds'
        FROM generate_series(1, \(self.sizes.users)) AS u
        """
    }

    private var sessionRows: SQL {
        """
        INSERT INTO auth.sessions (id, user_id, device, address, created_at, last_used_at, expires_at)
        SELECT ('5eed0000-0000-4000-8000-' || lpad(to_hex(u), 12, '0'))::uuid, u, 'seed', '192.0.2.1', now(), now(),
            now() + interval '7 days'
        FROM generate_series(1, \(self.sessions)) AS u
        """
    }

    private static let next: SQL =
        "SELECT setval(pg_get_serial_sequence('auth.users', 'id'), (SELECT max(id) FROM auth.users))"
}
