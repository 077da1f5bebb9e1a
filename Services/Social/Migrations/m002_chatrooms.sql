CREATE TABLE social.chatrooms (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    type text NOT NULL CHECK (type IN ('direct', 'group')),
    -- Empty in a direct chatroom, which bears the name of the peer.
    name text NOT NULL,
    avatar text,
    announcement text NOT NULL DEFAULT '',
    -- Whether those who come later may read what was said before.
    history_for_new_members boolean NOT NULL DEFAULT false,
    owner_id bigint,
    -- `<lower id>:<higher id>`: there is one direct chatroom for two people, by construction.
    direct_key text UNIQUE,
    member_count integer NOT NULL CHECK (member_count >= 0),
    creator_id bigint NOT NULL,
    -- The Idempotency-Key under which its creator made it.
    creation_key uuid,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    dissolved_at timestamptz,
    UNIQUE (creator_id, creation_key),
    CHECK ((type = 'direct') = (direct_key IS NOT NULL)),
    CHECK ((type = 'group') = (owner_id IS NOT NULL))
);

-- Current members only: who leaves is deleted, and the log of History remembers.
CREATE TABLE social.chatroom_members (
    chatroom_id bigint NOT NULL REFERENCES social.chatrooms (id),
    user_id bigint NOT NULL,
    role text NOT NULL CHECK (role IN ('owner', 'admin', 'member')),
    joined_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    muted_until timestamptz,
    -- False for both members of a direct chatroom while one has blocked the other.
    can_send boolean NOT NULL DEFAULT true,
    notify text NOT NULL DEFAULT 'all' CHECK (notify IN ('all', 'mentions', 'none')),
    pinned boolean NOT NULL DEFAULT false,
    hidden boolean NOT NULL DEFAULT false,
    PRIMARY KEY (chatroom_id, user_id)
);
CREATE INDEX chatroom_members_user ON social.chatroom_members (user_id, chatroom_id);
-- A group has one owner at most.
CREATE UNIQUE INDEX chatroom_members_owner ON social.chatroom_members (chatroom_id) WHERE role = 'owner';
