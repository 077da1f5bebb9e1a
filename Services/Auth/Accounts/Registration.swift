import ChatAPI
import Foundation
import ServiceKit

/// How somebody becomes a user.
struct Registration: Sendable {
    let accounts: AccountStore
    let sessions: SessionStore
    let hasher: PasswordHasher
    let codes: Codes
    let verification: MailConfiguration.Verification
    let now: @Sendable () -> Date

    /// What is asked for, checked.
    struct Wish: Sendable {
        let username: Username
        let password: Password
        let nickname: String
        let email: EmailAddress?
        let code: String?

        /// - Throws: ``RequestError/invalid(fields:)`` with every field that is wrong.
        init(
            username: String, password: Password, nickname: String?, email: String? = nil, code: String? = nil
        ) throws(RequestError) {
            var problems: [String: String] = [:]
            let name = Username(username)
            if name == nil { problems["username"] = "A username has 3 to 32 characters of A-Z, a-z, 0-9, _, . and -." }
            problems["password"] = PasswordRules.problem(with: password, of: username)
            problems["nickname"] = nickname.flatMap(ProfileChange.problem(withNickname:))
            let address = email.flatMap(EmailAddress.init)
            if email != nil, address == nil { problems["email"] = "This is not an address that mail can be sent to." }
            guard let name, problems.isEmpty else { throw .invalid(fields: problems) }
            self.username = name
            self.password = password
            self.nickname = nickname ?? name.description
            self.email = address
            self.code = code
        }
    }

    /// The new user, signed in; or, for a key that came before with the same name and password, that user.
    ///
    /// The password is hashed before the name is looked at, so a name that is taken is not answered sooner.
    ///
    /// - Throws: ``AuthError/usernameTaken``, ``WorkerThreads/QueueFull``; ``RequestError/invalid(fields:)`` and
    ///   ``AuthError/invalidCode`` where an address must be proven and is not.
    func register(_ wish: Wish, address: String, key: UUID?) async throws -> (account: Account, session: Session) {
        let hash = try await self.hasher.hash(wish.password)
        let now = self.now()
        let email: AccountStore.NewEmail?
        do {
            email = try await self.proven(wish)
        } catch AuthError.invalidCode {
            // The code of a registration that is repeated was used by the first.
            guard let key, let made = try await self.accounts.registration(of: wish.username, with: key),
                try await self.hasher.verify(wish.password, against: made.credentials.hash)
            else { throw AuthError.invalidCode }
            return (made.credentials.account, made.session)
        }
        let registered = try await self.accounts.register(
            wish.username, hash: hash, nickname: wish.nickname, email: email, now: now, key: key
        ) { self.sessions.new(user: $0, device: nil, address: address, now: now) }
        guard let (credentials, session) = registered else { throw AuthError.usernameTaken }
        if credentials.hash != hash {
            let isSame = try await self.hasher.verify(wish.password, against: credentials.hash)
            guard isSame else { throw AuthError.usernameTaken }
        }
        return (credentials.account, session)
    }

    /// The address of the wish, with its proof: where a code is given, and always where one is required.
    private func proven(_ wish: Wish) async throws -> AccountStore.NewEmail? {
        guard let email = wish.email else {
            if self.verification == .required { throw RequestError.invalid("email", "is missing") }
            return nil
        }
        guard let code = wish.code else {
            if self.verification == .required { throw RequestError.invalid("code", "is missing") }
            return AccountStore.NewEmail(address: email, proof: nil)
        }
        let proof = try await self.codes.check(code, for: .registration(of: email))
        return AccountStore.NewEmail(address: email, proof: proof)
    }
}
