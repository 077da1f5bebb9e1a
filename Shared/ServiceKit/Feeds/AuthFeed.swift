import ChatAPI
import HTTPTypes
import Logging
import ServiceLifecycle

/// Keeps a ``TokenVerifier`` true: loads Auth's snapshot at start, as often as it takes, and follows its feed. New keys and
/// revoked sessions act within a second; while Auth is out of reach what is known goes on to hold.
package final class AuthFeed: Service {
    private let reader: ChangeFeedReader<AuthChange>
    private let tokens: TokenVerifier

    /// - Parameters:
    ///   - onProfile: a new or changed profile, with its position in the feed.
    ///   - onPrivacy: a changed privacy, with its position too.
    ///   - onRevoked: a session that has ended just now; not called for those of a snapshot.
    ///   - onRestart: a snapshot was loaded; whatever was cached of Auth may be stale.
    package init(
        auth: ServiceClient, tokens: TokenVerifier, clock: any Clock<Duration> = ContinuousClock(), logger: Logger,
        onProfile: @escaping @Sendable (Profile, Int64) async -> Void = { _, _ in },
        onPrivacy: @escaping @Sendable (UserPrivacy, Int64) async -> Void = { _, _ in },
        onRevoked: @escaping @Sendable (RevokedSession) async -> Void = { _ in },
        onRestart: @escaping @Sendable () async -> Void = {}
    ) {
        self.tokens = tokens
        self.reader = ChangeFeedReader(
            of: auth, clock: clock, logger: logger,
            restart: {
                let snapshot: AuthSnapshot = try await auth.call(.get, "/internal/snapshot")
                try tokens.load(jwks: snapshot.jwks, revoked: snapshot.revoked)
                await onRestart()
                return FeedPosition(epoch: snapshot.epoch, position: snapshot.position)
            },
            apply: { changes in
                for change in changes {
                    switch change.what {
                    case .sessionRevoked(let revoked):
                        tokens.revoke(revoked)
                        await onRevoked(revoked)
                    case .keys(let jwks):
                        try tokens.setKeys(jwks: jwks)
                    case .profile(let profile):
                        await onProfile(profile, change.position)
                    case .privacy(let privacy):
                        await onPrivacy(privacy, change.position)
                    case .userDeleted:
                        // Whoever holds what belongs to users reads the feed from a place that is kept.
                        break
                    }
                }
            })
    }

    /// Whether tokens can be judged.
    package var isReady: Bool { self.tokens.isLoaded }

    /// A hint from the bus that Auth's feed has come so far.
    package func poke(_ position: Int64) { self.reader.poke(position) }

    package var position: FeedPosition? { self.reader.position }

    /// Where the reader is, for operators.
    package var status: ServiceStatus.Feed { self.reader.status }

    package func run() async throws { try await self.reader.run() }

    /// Reads once; for tests.
    package func read() async throws { try await self.reader.read() }
}
