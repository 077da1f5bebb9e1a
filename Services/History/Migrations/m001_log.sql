-- One log per chatroom. Everything that belongs to a chatroom is hash-partitioned by chatroom_id, and every key of it
-- begins with chatroom_id, so that the tables can be distributed by it unchanged.

-- Which life of this database it is: an operator renews it after a restore, as positions may then be given twice.
CREATE TABLE history.epochs (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    epoch uuid NOT NULL DEFAULT gen_random_uuid()
);
INSERT INTO history.epochs DEFAULT VALUES;

-- How far the change feeds of other services are applied here, and in which of their epochs.
CREATE TABLE history.feed_positions (
    feed text PRIMARY KEY,
    epoch uuid,
    position bigint NOT NULL DEFAULT 0 CHECK (position >= 0)
);
INSERT INTO history.feed_positions (feed) VALUES ('social');

-- The newest seq of each chatroom and how many of its entries count as unread. Whoever appends holds this row's lock.
CREATE TABLE history.chatroom_heads (
    chatroom_id bigint PRIMARY KEY,
    seq bigint NOT NULL DEFAULT 0 CHECK (seq >= 0),
    ordinal bigint NOT NULL DEFAULT 0 CHECK (ordinal BETWEEN 0 AND seq)
) PARTITION BY HASH (chatroom_id);

-- The log. A message bears its sender, the sender's client id and the digest of what was first sent; a system entry has
-- none of the three. body: what the entry's event is made of.
CREATE TABLE history.entries (
    chatroom_id bigint NOT NULL,
    seq bigint NOT NULL CHECK (seq > 0),
    ordinal bigint NOT NULL CHECK (ordinal BETWEEN 0 AND seq),
    sender_id bigint,
    client_id uuid,
    digest bytea,
    kind text NOT NULL CHECK (kind IN ('message', 'edit', 'recall', 'reaction', 'system')),
    body jsonb,
    created_at timestamptz(3) NOT NULL DEFAULT statement_timestamp(),
    PRIMARY KEY (chatroom_id, seq),
    UNIQUE (chatroom_id, sender_id, client_id),
    CHECK (kind <> 'message' OR num_nulls(sender_id, client_id, digest) = 0)
) PARTITION BY HASH (chatroom_id);
-- The beacon asks what was written in the last seconds: entries arrive in the order of time.
CREATE INDEX entries_created_at ON history.entries USING brin (created_at)
    WITH (pages_per_range = 32, autosummarize = on);
-- Who was mentioned above their read cursor.
CREATE INDEX entries_mentions ON history.entries (chatroom_id, seq) WHERE body ? 'mentions';

-- Who is or was in a chatroom, by place in its log.
-- joined_seq: the entry that let them in, 0 in a direct chatroom. left_seq: the one that let them out.
-- from_seq: the first entry they may see, and from_ordinal: the ordinal of the entry before it.
CREATE TABLE history.members (
    chatroom_id bigint NOT NULL REFERENCES history.chatroom_heads,
    user_id bigint NOT NULL,
    joined_seq bigint NOT NULL CHECK (joined_seq >= 0),
    left_seq bigint CHECK (left_seq > joined_seq),
    from_seq bigint NOT NULL CHECK (from_seq > 0),
    from_ordinal bigint NOT NULL CHECK (from_ordinal >= 0),
    can_send boolean NOT NULL DEFAULT true,
    muted_until timestamptz(3),
    PRIMARY KEY (chatroom_id, user_id)
) PARTITION BY HASH (chatroom_id);
CREATE INDEX members_user ON history.members (user_id) WHERE left_seq IS NULL;

-- Up to where somebody has read, with the ordinal there.
CREATE TABLE history.read_cursors (
    chatroom_id bigint NOT NULL,
    user_id bigint NOT NULL,
    seq bigint NOT NULL CHECK (seq >= 0),
    ordinal bigint NOT NULL CHECK (ordinal BETWEEN 0 AND seq),
    read_at timestamptz(3) NOT NULL DEFAULT statement_timestamp(),
    PRIMARY KEY (chatroom_id, user_id),
    FOREIGN KEY (chatroom_id, user_id) REFERENCES history.members
) PARTITION BY HASH (chatroom_id);

-- Messages somebody keeps.
CREATE TABLE history.favorites (
    chatroom_id bigint NOT NULL,
    user_id bigint NOT NULL,
    seq bigint NOT NULL,
    created_at timestamptz(3) NOT NULL DEFAULT statement_timestamp(),
    PRIMARY KEY (chatroom_id, user_id, seq),
    FOREIGN KEY (chatroom_id, seq) REFERENCES history.entries
) PARTITION BY HASH (chatroom_id);
CREATE INDEX favorites_user ON history.favorites (user_id, created_at, chatroom_id, seq);

-- Rows that are updated in place leave room in their page, so that an update touches no index.
DO $$
BEGIN
    FOR n IN 0..15 LOOP
        EXECUTE format('CREATE TABLE history.chatroom_heads_%s PARTITION OF history.chatroom_heads'
            ' FOR VALUES WITH (MODULUS 16, REMAINDER %s) WITH (fillfactor = 50)', n, n);
        EXECUTE format('CREATE TABLE history.entries_%s PARTITION OF history.entries'
            ' FOR VALUES WITH (MODULUS 16, REMAINDER %s)', n, n);
        EXECUTE format('CREATE TABLE history.members_%s PARTITION OF history.members'
            ' FOR VALUES WITH (MODULUS 16, REMAINDER %s) WITH (fillfactor = 90)', n, n);
        EXECUTE format('CREATE TABLE history.read_cursors_%s PARTITION OF history.read_cursors'
            ' FOR VALUES WITH (MODULUS 16, REMAINDER %s) WITH (fillfactor = 50)', n, n);
        EXECUTE format('CREATE TABLE history.favorites_%s PARTITION OF history.favorites'
            ' FOR VALUES WITH (MODULUS 16, REMAINDER %s)', n, n);
    END LOOP;
END $$;
