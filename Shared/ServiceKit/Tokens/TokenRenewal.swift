import ChatAPI
import HTTPTypes
import Hummingbird
import Logging

/// Puts a new token into the answer of a call made with one older than `renewAfter`, whatever the answer is. Auth being
/// out of reach changes nothing: the old token holds until it expires.
package struct TokenRenewal: Sendable {
    package static let usual = Duration.seconds(3600)
    /// How long an answer waits for the new token.
    static let patience = Duration.seconds(2)

    private let renewAfter: Duration
    private let now: @Sendable () -> Timestamp
    private let renew: @Sendable (String) async throws -> String?

    /// - Parameter renew: answers a new token for an old one, `nil` where it cannot be renewed.
    package init(
        renewAfter: Duration = Self.usual, now: @escaping @Sendable () -> Timestamp = { .now },
        renew: @escaping @Sendable (String) async throws -> String?
    ) {
        self.renewAfter = renewAfter
        self.now = now
        self.renew = renew
    }

    /// Asks Auth, for many at once.
    package init(auth: ServiceClient, renewAfter: Duration = Self.usual) {
        let batcher = Batcher<String, String?>(name: "renewals", maxBatch: 200) { tokens in
            try await auth.call(
                .post, "/internal/tokens/renew", RenewTokens(tokens: tokens), as: RenewTokens.Answer.self,
                timeout: Self.patience
            ).tokens
        }
        self.init(renewAfter: renewAfter) { try await batcher.submit($0) }
    }

    package func isDue(_ credentials: Credentials) -> Bool {
        let age = self.now().milliseconds - credentials.issuedAt.milliseconds
        return age > Int64(self.renewAfter / .milliseconds(1))
    }
}

extension TokenRenewal: RouterMiddleware {
    package typealias Context = ServiceContext

    package func handle(
        _ request: Request, context: ServiceContext, next: (Request, ServiceContext) async throws -> Response
    ) async throws -> Response {
        guard let credentials = context.credentials, self.isDue(credentials) else {
            return try await next(request, context)
        }
        // Beside the work of the route, so that it costs no time of its own.
        async let renewed = self.token(insteadOf: credentials.token, logger: context.logger)
        var response = try await next(request, context)
        // A route that has made a token of its own (`POST /renew`), or ended its session, has the last word.
        if let token = await renewed, response.headers[.token] == nil, !response.headers.setTokenCookie {
            switch credentials.carrier {
            case .header: response.headers[.token] = token
            case .cookie:
                response.headers.append(
                    HTTPField(name: .setCookie, value: TokenCookie.setting(token, secure: context.isSecure)))
            }
        }
        return response
    }

    private func token(insteadOf token: String, logger: Logger) async -> String? {
        do {
            return try await self.renew(token)
        } catch {
            logger.warning("a token could not be renewed", metadata: ["error": "\(error)"])
            return nil
        }
    }
}
