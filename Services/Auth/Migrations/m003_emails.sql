-- Where a user gets mail. An address belongs to one account once it is verified; until then others may name it too.
ALTER TABLE auth.users ADD COLUMN email text, ADD COLUMN email_verified_at timestamptz;
CREATE UNIQUE INDEX users_verified_email ON auth.users ((lower(email) COLLATE "C")) WHERE email_verified_at IS NOT NULL;
CREATE INDEX users_email ON auth.users ((lower(email) COLLATE "C")) WHERE email IS NOT NULL;

-- Codes that were sent. One for each purpose, address and user: a newer one takes the older one's place.
-- user_id is 0 for who registers, -1 for an address that nobody has: what is done for it is the same.
CREATE TABLE auth.codes (
    purpose text NOT NULL,
    address text NOT NULL,
    user_id bigint NOT NULL,
    -- HMAC-SHA256 over all three and the code.
    hash bytea NOT NULL,
    tries integer NOT NULL DEFAULT 0,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (purpose, address, user_id)
);
CREATE INDEX codes_expiry ON auth.codes (expires_at);

-- What was asked for, sent or not, as nobody is to find out by a limit whether an address is known.
CREATE TABLE auth.code_requests (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    address text NOT NULL,
    source text NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX code_requests_address ON auth.code_requests (address, at DESC);
CREATE INDEX code_requests_source ON auth.code_requests (source, at DESC);
CREATE INDEX code_requests_at ON auth.code_requests (at);
