import ChatAPI
import Foundation
import ServiceKit

/// How somebody becomes a user.
struct Registration: Sendable {
    let accounts: AccountStore
    let sessions: SessionStore
    let hasher: PasswordHasher
    let now: @Sendable () -> Date

    /// What is asked for, checked.
    struct Wish: Sendable {
        let username: Username
        let password: Password
        let nickname: String

        /// - Throws: ``RequestError/invalid(fields:)`` with every field that is wrong.
        init(username: String, password: Password, nickname: String?) throws(RequestError) {
            var problems: [String: String] = [:]
            let name = Username(username)
            if name == nil { problems["username"] = "A username has 3 to 32 characters of A-Z, a-z, 0-9, _, . and -." }
            problems["password"] = PasswordRules.problem(with: password, of: username)
            problems["nickname"] = nickname.flatMap(ProfileChange.problem(withNickname:))
            guard let name, problems.isEmpty else { throw .invalid(fields: problems) }
            self.username = name
            self.password = password
            self.nickname = nickname ?? name.description
        }
    }

    /// The new user, signed in; or, for a key that came before with the same name and password, that user.
    ///
    /// The password is hashed before the name is looked at, so a name that is taken is not answered sooner.
    ///
    /// - Throws: ``AuthError/usernameTaken``, ``WorkerThreads/QueueFull``.
    func register(_ wish: Wish, address: String, key: UUID?) async throws -> (account: Account, session: Session) {
        let hash = try await self.hasher.hash(wish.password)
        let now = self.now()
        let registered = try await self.accounts.register(
            wish.username, hash: hash, nickname: wish.nickname, now: now, key: key
        ) { self.sessions.new(user: $0, device: nil, address: address, now: now) }
        guard let (credentials, session) = registered else { throw AuthError.usernameTaken }
        if credentials.hash != hash {
            let isSame = try await self.hasher.verify(wish.password, against: credentials.hash)
            guard isSame else { throw AuthError.usernameTaken }
        }
        return (credentials.account, session)
    }
}
