import Logging
import ServiceKit

/// New tokens from Auth for live sockets, asked for before their clients would.
struct TokenRenewals: Sendable {
    enum Outcome: Sendable {
        case token(String, TokenClaims)
        /// Auth was not reached: worth another try.
        case later(Duration)
        /// The session is over, or as old as it may become: the token holds to its end.
        case never
    }

    /// The age at which a token is renewed.
    let after: Duration
    let auth: AuthClient
    let tokens: TokenVerifier
    let tasks: BackgroundTasks
    let logger: Logger

    /// Calls back on any thread. Many go to Auth as one call.
    func renew(_ old: String, then callback: @escaping @Sendable (Outcome) -> Void) {
        self.tasks.start {
            do {
                guard let token = try await self.auth.renew(old) else { return callback(.never) }
                callback(.token(token, try self.tokens.verify(token)))
            } catch {
                self.logger.warning("a token could not be renewed", metadata: ["error": "\(error)"])
                callback(.later(min(.seconds(60), self.after / 10) * Double.random(in: 0.5...1)))
            }
        }
    }
}

/// The payload of `token`.
struct TokenEvent: Encodable {
    var token: String
}
