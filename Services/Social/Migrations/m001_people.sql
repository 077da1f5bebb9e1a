-- Locked, the lower id first, by whoever starts something between two people: a request, a block, a direct chatroom.
-- So what is read under these locks (requests, blocks, quotas of the two) is not changed by somebody who starts another.
CREATE TABLE social.people (
    user_id bigint PRIMARY KEY
);

-- One row per unordered pair.
CREATE TABLE social.friendships (
    low_id bigint NOT NULL,
    high_id bigint NOT NULL,
    since timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (low_id, high_id),
    CHECK (low_id < high_id)
);
CREATE INDEX friendships_high ON social.friendships (high_id, low_id);

-- What somebody calls a friend; it goes when the friendship goes.
CREATE TABLE social.remarks (
    owner_id bigint NOT NULL,
    friend_id bigint NOT NULL,
    remark text NOT NULL,
    low_id bigint NOT NULL GENERATED ALWAYS AS (LEAST(owner_id, friend_id)) STORED,
    high_id bigint NOT NULL GENERATED ALWAYS AS (GREATEST(owner_id, friend_id)) STORED,
    PRIMARY KEY (owner_id, friend_id),
    FOREIGN KEY (low_id, high_id) REFERENCES social.friendships (low_id, high_id) ON DELETE CASCADE
);
CREATE INDEX remarks_friendship ON social.remarks (low_id, high_id);

CREATE TABLE social.friend_requests (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    from_id bigint NOT NULL,
    to_id bigint NOT NULL,
    reason text NOT NULL,
    status text NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'agreed', 'rejected', 'cancelled', 'expired')),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    settled_at timestamptz,
    -- The Idempotency-Key under which it was made, and the one of a crossed request that was taken as agreeing.
    creation_key uuid,
    crossing_key uuid,
    CHECK (from_id <> to_id),
    CHECK ((status = 'pending') = (settled_at IS NULL)),
    UNIQUE (from_id, creation_key),
    UNIQUE (to_id, crossing_key)
);
-- At most one is pending between two people, whoever asked.
CREATE UNIQUE INDEX friend_requests_pending
    ON social.friend_requests (LEAST(from_id, to_id), GREATEST(from_id, to_id)) WHERE status = 'pending';
-- The lists: pending ones first, then the newest.
CREATE INDEX friend_requests_sent ON social.friend_requests (from_id, (status <> 'pending'), id DESC);
CREATE INDEX friend_requests_received ON social.friend_requests (to_id, (status <> 'pending'), id DESC);
-- The quotas and the time to wait after a rejection.
CREATE INDEX friend_requests_waiting ON social.friend_requests (from_id) WHERE status = 'pending';
CREATE INDEX friend_requests_quota ON social.friend_requests (from_id, created_at DESC);
CREATE INDEX friend_requests_rejected ON social.friend_requests (from_id, to_id, settled_at DESC)
    WHERE status = 'rejected';

CREATE TABLE social.blocks (
    owner_id bigint NOT NULL,
    blocked_id bigint NOT NULL,
    since timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (owner_id, blocked_id),
    CHECK (owner_id <> blocked_id)
);
CREATE INDEX blocks_blocked ON social.blocks (blocked_id, owner_id);
