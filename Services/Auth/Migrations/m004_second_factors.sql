-- What a user shows beside the password. It counts once it is confirmed by a first code.
CREATE TABLE auth.second_factors (
    user_id bigint PRIMARY KEY REFERENCES auth.users,
    -- Sealed under a key that is not in the database.
    secret bytea NOT NULL,
    confirmed_at timestamptz,
    -- The 30 seconds of the last code that was taken: none is taken twice.
    last_step bigint NOT NULL DEFAULT 0
);

-- Each for one use, when the device is lost.
CREATE TABLE auth.recovery_codes (
    user_id bigint NOT NULL REFERENCES auth.second_factors ON DELETE CASCADE,
    hash text NOT NULL,
    PRIMARY KEY (user_id, hash)
);
