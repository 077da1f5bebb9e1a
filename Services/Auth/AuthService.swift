import ChatAPI
import Crypto
import Foundation
import Hummingbird
import Logging
import Postgres
import Redis
import ServiceKit
import ServiceKitPostgres
import ServiceLifecycle

/// Who somebody is: users, passwords, sessions and tokens. Only Auth signs; everybody checks by themselves, with what
/// Auth's snapshot and feed tell.
@main struct AuthService {
    static func main() async {
        await ServiceProcess.run(
            .auth, AuthConfiguration.self,
            migrations: .database(\.databaseURL, schema: "auth", Self.migrations), Self.application)
    }

    static let migrations = [
        Migration(name: "m001_users", sql: PackageResources.m001_users_sql),
        Migration(name: "m002_passwords", sql: PackageResources.m002_passwords_sql),
        Migration(name: "m003_emails", sql: PackageResources.m003_emails_sql),
        Migration(name: "m004_second_factors", sql: PackageResources.m004_second_factors_sql),
        Migration(name: "m005_privacy", sql: PackageResources.m005_privacy_sql),
        Migration(name: "m006_operators", sql: PackageResources.m006_operators_sql),
        Migration(name: "m007_upkeep", sql: PackageResources.m007_upkeep_sql),
    ]

    static func application(_ configuration: AuthConfiguration) async throws -> ServiceApplication {
        let logger = Logger(label: "auth")
        let postgres = Postgres(try PostgresConfiguration(url: configuration.databaseURL), logger: logger)
        let redis = try Redis(urls: configuration.common.redisURLs, logger: logger)
        let parts = try AuthParts(configuration, postgres: postgres, logger: logger) { position in
            redis.publish(BusChannel.authChanges, String(position))
        }
        // The hints of the other instances, and our own.
        redis.listen { [feed = parts.feed] message in
            if let position = Int64(String(decoding: message.payload, as: UTF8.self)) { feed.poke(position) }
        }
        redis.subscribe([BusChannel.authChanges]) { _ in }

        let (prepared, preparation) = AsyncStream.makeStream(of: Never.self)
        var application = parts.application(configuration.common)
        application.add(postgres, redis)
        application.prepare("database") {
            try await postgres.migrateOrEnd(schema: "auth", Self.migrations)
            try await parts.changes.publish(jwks: parts.keys.jwks)
            preparation.finish()
        }
        application.add(FollowedFeed(feed: parts.feed, prepared: prepared))
        application.add(parts.upkeep)
        if let postbox = parts.codes.postbox { application.add(postbox) }
        application.readyWhen("database") { postgres.isReady }
        application.report(postgres, schema: "auth", Self.migrations)
        application.report(postgres, feed: ChangeStore.feed)
        application.report { [feed = parts.feed] status in
            status.redis = await redis.connected.map {
                .init(server: $0.server.description, isConnected: $0.isConnected)
            }
            status.feeds.append(feed.status)
        }
        return application
    }
}

/// What Auth is made of, between its database and its listeners.
struct AuthParts: Sendable {
    let keys: SigningKeys
    let changes: ChangeStore
    let accounts: AccountStore
    let sessions: SessionStore
    let profiles: ProfileStore
    let privacies: PrivacyStore
    let registration: Registration
    let signIn: SignIn
    let passwordChange: PasswordChange
    let passwordReset: PasswordReset
    let emailChange: EmailChange
    let deletion: Deletion
    let factors: SecondFactors
    let operators: OperatorActs
    let codes: Codes
    /// In local mode without a mail server.
    let mailbox: Mailbox?
    /// Knows what Auth's own feed tells, as everywhere; what this instance has revoked it knows at once.
    let verifier: TokenVerifier
    let tokens: SessionTokens
    let feed: ChangeFeedReader<AuthChange>
    let upkeep: Upkeep
    private let now: @Sendable () -> Date

    /// - Parameters:
    ///   - now: in whole milliseconds, as times are told.
    ///   - announce: publishes the hint that the feed has come so far.
    init(
        _ configuration: AuthConfiguration, postgres: Postgres, logger: Logger,
        now: @escaping @Sendable () -> Date = { Timestamp.now.date }, announce: @escaping @Sendable (Int64) -> Void
    ) throws {
        guard let keys = configuration.signingKeys else { throw CannotStart("there is no signing key") }
        let changes = ChangeStore(postgres: postgres, announce: announce)
        let accounts = AccountStore(postgres: postgres, changes: changes)
        let sessions = SessionStore(postgres: postgres, changes: changes, life: configuration.sessionLife)
        let failures = FailedLoginStore(postgres: postgres, limits: configuration.loginLimits)
        let hasher = try PasswordHasher(
            cost: configuration.passwordCost, threads: configuration.passwordThreads,
            capacity: configuration.passwordQueue)
        let verifier = TokenVerifier(now: { Timestamp(now()) })
        self.keys = keys
        self.changes = changes
        self.accounts = accounts
        self.sessions = sessions
        self.profiles = ProfileStore(postgres: postgres)
        self.privacies = PrivacyStore(
            postgres: postgres, changes: changes,
            codes: FriendCodes(key: Self.key(for: "friend codes", of: configuration)))
        let mailbox = configuration.mail.keepsMailbox ? Mailbox() : nil
        let way = configuration.mail.server.map(Postbox.Way.smtp) ?? mailbox.map(Postbox.Way.mailbox)
        let codes = Codes(
            store: CodeStore(postgres: postgres, limits: configuration.codeLimits),
            emails: EmailStore(postgres: postgres),
            postbox: way.map { Postbox(way: $0, logger: logger, now: now) },
            key: Self.key(for: "codes", of: configuration), now: now)
        self.mailbox = mailbox
        self.codes = codes
        self.registration = Registration(
            accounts: accounts, sessions: sessions, hasher: hasher, codes: codes,
            verification: configuration.mail.verification, now: now)
        let passwords = PasswordCheck(accounts: accounts, failures: failures, hasher: hasher, now: now)
        let factors = SecondFactors(
            store: SecondFactorStore(postgres: postgres), passwords: passwords,
            key: Self.key(for: "second factors", of: configuration), now: now)
        self.factors = factors
        self.signIn = SignIn(
            passwords: passwords, accounts: accounts, sessions: sessions, hasher: hasher, factors: factors, now: now)
        self.deletion = Deletion(
            passwords: passwords, store: DeletionStore(postgres: postgres, changes: changes), now: now)
        let passwordStore = PasswordStore(postgres: postgres, changes: changes)
        self.passwordChange = PasswordChange(passwords: passwords, store: passwordStore, hasher: hasher, now: now)
        self.passwordReset = PasswordReset(
            codes: codes, accounts: accounts, store: passwordStore, hasher: hasher, now: now)
        self.emailChange = EmailChange(passwords: passwords, codes: codes, now: now)
        self.operators = OperatorActs(
            store: OperatorStore(postgres: postgres, changes: changes), hasher: hasher, postbox: codes.postbox,
            verifier: verifier, now: now)
        self.verifier = verifier
        self.tokens = SessionTokens(signer: keys.signer, verifier: verifier, sessions: sessions, now: now)
        self.upkeep = Upkeep(
            store: UpkeepStore(
                postgres: postgres, retention: configuration.retention, loginLimits: configuration.loginLimits,
                codeLimits: configuration.codeLimits),
            interval: configuration.upkeepInterval, logger: logger, now: now)
        self.feed = Self.feed(of: changes, into: verifier, logger: logger, now: now)
        self.now = now
    }

    /// The listeners with their routes.
    func application(_ configuration: CommonConfiguration) -> ServiceApplication {
        let renewal = TokenRenewal(now: { [now] in Timestamp(now()) }) { [tokens] token in
            try await tokens.renew([token]).first ?? nil
        }
        let application = ServiceApplication(configuration, tokens: self.verifier, renewal: renewal)
        let keys = KeyRoutes(changes: self.changes)
        application.routes.addRoutes(keys.routes)
        let api = application.routes.group("api/auth")
        api.addRoutes(OpenAPIDocument(PackageResources.openapi_json).routes)
        api.addRoutes(keys.routes)
        api.addRoutes(AccountRoutes(registration: self.registration, signIn: self.signIn, tokens: self.tokens).routes)
        api.addRoutes(CodeRoutes(codes: self.codes, reset: self.passwordReset, verifier: self.verifier).routes)
        let mine = api.group(context: AuthenticatedContext.self)
        mine.addRoutes(
            SessionRoutes(sessions: self.sessions, tokens: self.tokens, verifier: self.verifier, now: self.now).routes)
        mine.addRoutes(MeRoutes(accounts: self.accounts, deletion: self.deletion, verifier: self.verifier).routes)
        mine.addRoutes(PrivacyRoutes(privacies: self.privacies).routes)
        mine.addRoutes(PasswordRoutes(change: self.passwordChange, verifier: self.verifier).routes)
        mine.addRoutes(SecondFactorRoutes(factors: self.factors).routes)
        mine.addRoutes(EmailRoutes(change: self.emailChange).routes)
        mine.addRoutes(UserRoutes(profiles: self.profiles).routes, atPath: "users")
        if let mailbox { application.internalRoutes.addRoutes(MailboxRoutes(mailbox: mailbox).routes) }
        application.internalRoutes.group("internal", context: InternalContext.self).addRoutes(
            InternalRoutes(
                profiles: self.profiles, privacies: self.privacies, changes: self.changes, tokens: self.tokens,
                now: self.now
            ).routes)
        application.internalRoutes.group("internal", context: OperatorContext.self).addRoutes(
            OperatorRoutes(
                acts: self.operators, store: self.operators.store, sessions: self.sessions, now: self.now
            ).routes)
        return application
    }

    /// A key of its own for each use of the operator's one.
    private static func key(for use: String, of configuration: AuthConfiguration) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: Data(configuration.secretsKey.utf8)), info: Data(use.utf8),
            outputByteCount: 32)
    }

    /// Auth follows its own feed, straight from its database: what another instance has revoked, it hears as all others do.
    private static func feed(
        of changes: ChangeStore, into verifier: TokenVerifier, logger: Logger, now: @escaping @Sendable () -> Date
    ) -> ChangeFeedReader<AuthChange> {
        ChangeFeedReader(
            name: "auth", logger: logger,
            restart: {
                let snapshot = try await changes.snapshot(now: now())
                try verifier.load(jwks: snapshot.jwks, revoked: snapshot.revoked)
                return FeedPosition(epoch: snapshot.epoch, position: snapshot.position)
            },
            fetch: { after, limit in try await changes.changes(after: after, limit: limit) },
            apply: { rows in
                for row in rows {
                    switch row.what {
                    case .sessionRevoked(let revoked): verifier.revoke(revoked)
                    case .keys(let jwks): try verifier.setKeys(jwks: jwks)
                    case .profile, .privacy, .userDeleted: break
                    }
                }
            })
    }
}

/// The feed, followed from when its tables are there.
private struct FollowedFeed: Service {
    let feed: ChangeFeedReader<AuthChange>
    /// Ends when they are.
    let prepared: AsyncStream<Never>

    func run() async throws {
        for await _ in self.prepared.cancelOnGracefulShutdown() {}
        try await self.feed.run()
    }
}
