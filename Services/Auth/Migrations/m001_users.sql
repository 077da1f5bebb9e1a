-- Names are compared in lower case and byte by byte: whatever order the database's locale has, a prefix is a range.
CREATE TABLE auth.users (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    username text NOT NULL CHECK (username ~ '^[A-Za-z0-9_.-]{3,32}$'),
    password_hash text NOT NULL,
    nickname text NOT NULL,
    avatar text,
    bio text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    deleted_at timestamptz
);
CREATE UNIQUE INDEX users_username ON auth.users ((lower(username) COLLATE "C"));
CREATE INDEX users_nickname ON auth.users ((lower(nickname) COLLATE "C")) WHERE deleted_at IS NULL;

-- One sign-in on one device. Each renewal moves last_used_at, and with it expires_at: when the last token of the
-- session expires by itself. idempotency_key is that of the registration that began it.
CREATE TABLE auth.sessions (
    id uuid PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES auth.users,
    device text,
    address text NOT NULL,
    created_at timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    idempotency_key uuid UNIQUE
);
CREATE INDEX sessions_user ON auth.sessions (user_id, last_used_at DESC);
CREATE INDEX sessions_revoked ON auth.sessions (expires_at) WHERE revoked_at IS NOT NULL;

-- account is the name as typed, in lower case, whether or not there is such a user: nobody can tell the difference.
-- It becomes NULL when the right password comes: that forgives the account, not the address.
CREATE TABLE auth.failed_logins (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account text,
    address text NOT NULL,
    failed_at timestamptz NOT NULL
);
CREATE INDEX failed_logins_account ON auth.failed_logins (account, failed_at DESC) WHERE account IS NOT NULL;
CREATE INDEX failed_logins_address ON auth.failed_logins (address, failed_at DESC);
CREATE INDEX failed_logins_failed ON auth.failed_logins (failed_at);

-- The public keys that services trust, as a JSON Web Key Set; one row.
CREATE TABLE auth.published_keys (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    jwks text NOT NULL
);
INSERT INTO auth.published_keys (jwks) VALUES ('{"keys":[]}');

-- The feed of what changed: positions are dense and in commit order, given out by the one row of change_heads.
CREATE TABLE auth.change_heads (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    position bigint NOT NULL DEFAULT 0,
    epoch uuid NOT NULL DEFAULT gen_random_uuid()
);
INSERT INTO auth.change_heads DEFAULT VALUES;
CREATE TABLE auth.changes (
    position bigint PRIMARY KEY,
    what jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
