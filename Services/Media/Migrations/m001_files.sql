-- What was uploaded, once for each content. The bytes are in the blob store, under the hash.
CREATE TABLE media.blobs (
    sha256 bytea PRIMARY KEY CHECK (octet_length(sha256) = 32),
    size bigint NOT NULL CHECK (size >= 0),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- What people see of it: a name, and the chatroom whose members may read it (none: anybody signed in).
CREATE TABLE media.files (
    id uuid PRIMARY KEY,
    sha256 bytea NOT NULL REFERENCES media.blobs,
    owner_id bigint NOT NULL,
    chatroom_id bigint,
    name text NOT NULL,
    type text NOT NULL,
    size bigint NOT NULL,
    width integer,
    height integer,
    idempotency_key uuid,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (owner_id, idempotency_key)
);
CREATE INDEX files_sha256 ON media.files (sha256);

-- Which file a message carries: the same message is given the same file, for ever.
CREATE TABLE media.attachments (
    chatroom_id bigint NOT NULL,
    sender_id bigint NOT NULL,
    client_id uuid NOT NULL,
    -- What the sender named, and what stands in its place in this chatroom; the same where it was uploaded there.
    source_id uuid NOT NULL REFERENCES media.files,
    file_id uuid NOT NULL REFERENCES media.files,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (chatroom_id, sender_id, client_id)
);
CREATE INDEX attachments_file_id ON media.attachments (file_id);

-- Bytes uploaded by each person, counted against their quota.
CREATE TABLE media.usage (
    user_id bigint PRIMARY KEY,
    bytes bigint NOT NULL CHECK (bytes >= 0)
);
