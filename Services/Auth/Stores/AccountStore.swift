import ChatAPI
import Foundation
import Postgres
import ServiceKit

/// Users: registered, found, changed.
struct AccountStore: Sendable {
    let postgres: Postgres
    let changes: ChangeStore

    /// What signing in needs to know of a user.
    struct Credentials: Sendable {
        let account: Account
        let hash: String
        /// Counts the passwords that the user has had.
        let passwordVersion: Int
        var isDisabled = false
    }

    /// The address of somebody who registers. `proof` is absent where nothing is to be proven.
    struct NewEmail: Sendable {
        let address: EmailAddress
        let proof: ProvenCode?
    }

    /// Makes a user and their first session, or finds both if this very registration was made before.
    ///
    /// - Parameters:
    ///   - email: their address, with the code that proves it where one is needed.
    ///   - session: makes the session of the new user.
    ///   - key: the Idempotency-Key of the call.
    /// - Returns: `nil` if the name is taken. The hash is that of the stored user: if it is not `hash`, the registration is
    ///   an older one, and the caller must see whether it has the same password.
    /// - Throws: ``AuthError/invalidCode`` where the code has been used meanwhile, ``AuthError/emailTaken``.
    func register(
        _ username: Username, hash: String, nickname: String, email: NewEmail? = nil, now: Date, key: UUID?,
        session: (UserID) -> Session
    ) async throws -> (credentials: Credentials, session: Session)? {
        let sql: SQL = """
            INSERT INTO auth.users (username, password_hash, nickname, email, email_verified_at, created_at)
            VALUES (\(username.description), \(hash), \(nickname), \(email?.address.description),
                \(email?.proof == nil ? nil : now), \(now))
            ON CONFLICT (lower(username) COLLATE "C") DO NOTHING
            RETURNING \(Account.columns)
            """
        let (made, position) = try await self.refusingTakenAddress { transaction -> (Account, Session)? in
            guard let account: Account = try await transaction.first(sql) else { return nil }
            try await email?.proof?.use(in: transaction)
            let session = session(account.id)
            try await transaction.execute(SessionStore.insertion(of: session, key: key))
            let entry = AuditEntry(
                action: .registered, user: account.id, session: session.id, address: session.address, at: now)
            try await transaction.execute(entry.insertion)
            try self.changes.record([.profile(account.profile)], in: transaction)
            return (account, session)
        }
        if let position { self.changes.announce(position) }
        if let (account, session) = made {
            return (Credentials(account: account, hash: hash, passwordVersion: 1), session)
        }
        guard let key else { return nil }
        return try await self.registration(of: username, with: key)
    }

    private func refusingTakenAddress<T: Sendable>(
        isolation: isolated (any Actor)? = #isolation, _ body: (PostgresTransaction) async throws -> T
    ) async throws -> (value: T, position: Int64?) {
        do {
            return try await self.postgres.recordingTransaction(isolation: isolation, body)
        } catch let error as PostgresError where error.violates("users_verified_email") {
            throw AuthError.emailTaken
        } catch let error as PostgresError where error.violates("sessions_idempotency_key_key") {
            throw RequestError.invalid("Idempotency-Key", "was used for something else")
        }
    }

    /// The user of this name, in any case.
    func credentials(of username: String) async throws -> Credentials? {
        let sql: SQL = """
            SELECT \(Account.columns), password_hash, password_version, disabled_at IS NOT NULL AS is_disabled
            FROM auth.users
            WHERE lower(username) COLLATE "C" = lower(\(username)) AND deleted_at IS NULL
            """
        return try await self.postgres.first(sql)
    }

    /// Replaces a hash by one of the same password, unless the password has been changed meanwhile.
    func rehash(_ id: UserID, from old: String, to new: String) async throws {
        let sql: SQL = "UPDATE auth.users SET password_hash = \(new) WHERE id = \(id) AND password_hash = \(old)"
        _ = try await self.postgres.execute(sql)
    }

    /// - Throws: ``AuthError/userNotFound``.
    func account(_ id: UserID) async throws -> Account {
        let sql: SQL = """
            SELECT \(Account.columns)
            FROM auth.users WHERE id = \(id) AND deleted_at IS NULL
            """
        guard let account: Account = try await self.postgres.first(sql) else { throw AuthError.userNotFound }
        return account
    }

    /// Changes what is given; a changed profile is in the feed.
    ///
    /// - Throws: ``AuthError/userNotFound``.
    func update(_ id: UserID, with change: ProfileChange) async throws -> Account {
        let sql: SQL = """
            UPDATE auth.users SET
                nickname = coalesce(\(change.nickname), nickname),
                avatar = CASE WHEN \(change.avatar != nil) THEN \(change.avatar ?? nil) ELSE avatar END,
                bio = coalesce(\(change.bio), bio)
            WHERE id = \(id) AND deleted_at IS NULL
            RETURNING \(Account.columns)
            """
        let (account, position) = try await self.postgres.recordingTransaction { transaction -> Account in
            guard let account: Account = try await transaction.first(sql) else { throw AuthError.userNotFound }
            // The others see nothing of a bio.
            if change.nickname != nil || change.avatar != nil {
                try self.changes.record([.profile(account.profile)], in: transaction)
            }
            return account
        }
        if let position { self.changes.announce(position) }
        return account
    }

    /// The registration that was made under this key, with its session; `nil` if that is over or there is none.
    func registration(
        of username: Username, with key: UUID
    ) async throws -> (credentials: Credentials, session: Session)? {
        let sql: SQL = """
            SELECT s.id, s.user_id, s.device, s.address, s.created_at, s.last_used_at, s.expires_at
            FROM auth.sessions AS s JOIN auth.users AS u ON u.id = s.user_id
            WHERE s.idempotency_key = \(key) AND s.revoked_at IS NULL
              AND lower(u.username) COLLATE "C" = \(username.key)
            """
        guard let session: Session = try await self.postgres.first(sql),
            let credentials = try await self.credentials(of: username.key)
        else { return nil }
        return (credentials, session)
    }
}

extension AccountStore.Credentials: PostgresRowDecodable {
    init(row: PostgresRow) throws(PostgresError) {
        self.account = try Account(row: row)
        self.hash = try row.get("password_hash")
        self.passwordVersion = try row.get("password_version")
        self.isDisabled = try row.get("is_disabled")
    }
}
