-- Uploads under way. All of them hold what they have reserved of their owner's quota, until they end or expire; those that
-- come in parts (tus) also say what they are to become, and later which file they became.
CREATE TABLE media.uploads (
    id uuid PRIMARY KEY,
    owner_id bigint NOT NULL,
    is_resumable boolean NOT NULL,
    chatroom_id bigint,
    name text NOT NULL,
    length bigint NOT NULL CHECK (length >= 0),
    metadata text,
    reserved bigint NOT NULL CHECK (reserved >= 0),
    -- From here on bytes are on the disk whose checksum was not looked at yet: they do not count.
    unchecked_from bigint,
    file_id uuid REFERENCES media.files,
    idempotency_key uuid,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL,
    UNIQUE (owner_id, idempotency_key)
);
CREATE INDEX uploads_expires_at ON media.uploads (expires_at);
CREATE INDEX uploads_owner_id ON media.uploads (owner_id);

-- The stored copy that holds a content. Freed, its bytes are removed, and then the name.
ALTER TABLE media.blobs ADD COLUMN copy text;
ALTER TABLE media.blobs ADD COLUMN has_thumbnail boolean NOT NULL DEFAULT false;
UPDATE media.blobs AS b SET copy = encode(b.sha256, 'hex'),
    has_thumbnail = EXISTS (SELECT FROM media.files AS f WHERE f.sha256 = b.sha256 AND f.has_thumbnail)
WHERE b.freed_at IS NULL;
CREATE INDEX blobs_freed_at ON media.blobs (freed_at) WHERE freed_at IS NOT NULL AND copy IS NOT NULL;

-- What a file counts in its owner's quota: nothing, where it was forwarded.
ALTER TABLE media.files ADD COLUMN charged bigint NOT NULL DEFAULT 0;
UPDATE media.files AS f SET charged = f.size WHERE f.settled_at IS NULL AND NOT EXISTS (
    SELECT FROM media.attachments AS a WHERE a.file_id = f.id AND a.source_id <> f.id);

-- A file is given to a message before the message is stored. Whether it ever was, History is asked later.
ALTER TABLE media.attachments ADD COLUMN attached_at timestamptz NOT NULL DEFAULT clock_timestamp();
ALTER TABLE media.attachments ADD COLUMN confirmed_at timestamptz;
CREATE INDEX attachments_unconfirmed ON media.attachments (attached_at)
WHERE confirmed_at IS NULL AND released_at IS NULL;
