-- What users let others do and see. Who has no row has said nothing else than the usual.
CREATE TABLE auth.privacy (
    user_id bigint PRIMARY KEY REFERENCES auth.users,
    requests text NOT NULL CHECK (requests IN ('anyone', 'sharesChatroom', 'code', 'nobody')),
    presence text NOT NULL CHECK (presence IN ('friends', 'nobody')),
    receipts boolean NOT NULL,
    typing boolean NOT NULL,
    -- Counts the friend codes that this user has had; the code itself follows from it and a key that is not kept here.
    code_version integer NOT NULL DEFAULT 1
);
