-- Whether whoever comes must be let in by an owner or admin.
ALTER TABLE social.chatrooms ADD COLUMN join_approval boolean NOT NULL DEFAULT false;

-- Links into groups. One holds while its maker is a member.
CREATE TABLE social.invites (
    code text PRIMARY KEY,
    chatroom_id bigint NOT NULL REFERENCES social.chatrooms (id),
    creator_id bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL,
    -- NULL: as often as one likes.
    uses_left integer CHECK (uses_left >= 0)
);
CREATE INDEX invites_chatroom ON social.invites (chatroom_id, expires_at);

-- Who waits to be let in.
CREATE TABLE social.join_requests (
    chatroom_id bigint NOT NULL REFERENCES social.chatrooms (id),
    user_id bigint NOT NULL,
    invited_by bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (chatroom_id, user_id)
);
CREATE INDEX join_requests_user ON social.join_requests (user_id);
