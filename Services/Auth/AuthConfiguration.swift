import ServiceKit

/// Every key of Auth, with its type and default.
struct AuthConfiguration: ServiceConfiguration {
    var common: CommonConfiguration
    var databaseURL: String
    var signingKeys: SigningKeys?
    var sessionLife: SessionLife
    var loginLimits: LoginLimits
    var passwordCost = PasswordHasher.Cost()
    var passwordThreads: Int
    var passwordQueue: Int
    var mail: MailConfiguration
    var codeLimits: CodeLimits
    /// What the hashes of codes and the secrets of second factors are kept under.
    var secretsKey: String
    var retention: UpkeepStore.Retention
    var upkeepInterval: Duration

    init(_ keys: ConfigurationKeys) {
        self.common = CommonConfiguration(keys)
        self.databaseURL = keys.database("AUTH_DATABASE_URL", "the database with the schema auth")
        let signingKeys = keys.secret(
            "AUTH_SIGNING_KEYS",
            "kid:seed[,…], the seeds 32 bytes of Ed25519 in base64url; the first signs, the others are still trusted")
        do throws(SigningKeys.Malformed) {
            self.signingKeys = signingKeys.isEmpty ? nil : try SigningKeys(parsing: signingKeys)
        } catch {
            keys.problem("AUTH_SIGNING_KEYS", error.reason)
        }
        let life = SessionLife()
        self.sessionLife = SessionLife(
            idle: keys.duration(
                "AUTH_SESSION_IDLE", default: life.idle,
                "how long a token holds, and a session in which none is renewed"),
            longest: keys.duration("AUTH_SESSION_LONGEST", default: life.longest, "after this one has to sign in again")
        )
        let limits = LoginLimits()
        self.loginLimits = LoginLimits(
            perAccount: keys.int(
                "AUTH_FAILED_LOGINS_PER_ACCOUNT", default: limits.perAccount,
                "wrong passwords for one name in the window"),
            perAddress: keys.int(
                "AUTH_FAILED_LOGINS_PER_ADDRESS", default: limits.perAddress,
                "wrong passwords from one address in the window"),
            window: keys.duration(
                "AUTH_FAILED_LOGINS_WINDOW", default: limits.window, "how long a wrong password counts"))
        self.passwordThreads = keys.int(
            "AUTH_PASSWORD_THREADS", default: 2, in: 1...64, "threads that hash passwords, 19 MiB and 25 ms each")
        self.passwordQueue = keys.int(
            "AUTH_PASSWORD_QUEUE", default: 100, in: 1...10_000,
            "passwords that may wait for a thread; one more is answered 503")
        self.mail = MailConfiguration(keys)
        self.secretsKey = keys.secret(
            "AUTH_SECRETS_KEY", local: "local-secrets-of-auth",
            "codes and second factors are kept under it; with another, codes sent before and second factors fail")
        let retention = UpkeepStore.Retention()
        self.retention = UpkeepStore.Retention(
            audit: keys.duration(
                "AUTH_AUDIT_RETENTION", default: retention.audit, "how long the audit is kept; at least 30 days"),
            changes: keys.duration(
                "AUTH_FEED_RETENTION", default: retention.changes,
                "how long rows of the change feed are kept; a service further behind begins with a snapshot"),
            sessions: keys.duration(
                "AUTH_SESSION_RETENTION", default: retention.sessions, "how long a session that is over is kept"))
        if self.retention.audit < .seconds(30 * 86_400) {
            keys.problem("AUTH_AUDIT_RETENTION", "is shorter than 30 days")
        }
        // The snapshot names the revoked sessions until ten minutes after their end.
        if self.retention.sessions < .seconds(900) {
            keys.problem("AUTH_SESSION_RETENTION", "is shorter than 15 minutes")
        }
        self.upkeepInterval = keys.duration(
            "AUTH_UPKEEP_INTERVAL", default: .seconds(60), "how often what counts no longer is removed")
        let codes = CodeLimits()
        self.codeLimits = CodeLimits(
            lifetime: keys.duration("AUTH_CODE_LIFETIME", default: codes.lifetime, "how long a code by mail holds"),
            tries: keys.int("AUTH_CODE_TRIES", default: codes.tries, in: 1...100, "guesses at one code"),
            perAddress: keys.int(
                "AUTH_CODES_PER_ADDRESS", default: codes.perAddress, "codes for one address in the window"),
            perSource: keys.int(
                "AUTH_CODES_PER_SOURCE", default: codes.perSource, "codes asked for from one address in the window"),
            window: keys.duration("AUTH_CODES_WINDOW", default: codes.window, "how long a code asked for counts"))
    }
}
