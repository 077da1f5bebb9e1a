-- The Idempotency-Key under which a link was made.
ALTER TABLE social.invites ADD COLUMN creation_key uuid;
ALTER TABLE social.invites ADD CONSTRAINT invites_creation_key UNIQUE (creator_id, creation_key);
CREATE INDEX invites_expiry ON social.invites (expires_at);

-- The Idempotency-Key under which somebody has followed a link, and where it led: the same key again leads there too, also
-- if that was its last use.
CREATE TABLE social.followed_invites (
    user_id bigint NOT NULL,
    creation_key uuid NOT NULL,
    chatroom_id bigint NOT NULL REFERENCES social.chatrooms (id),
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (user_id, creation_key)
);
CREATE INDEX followed_invites_at ON social.followed_invites (at);

-- Whether a member may read what was said before they came: for whoever has to find out without the row of the feed that
-- told it.
ALTER TABLE social.chatroom_members ADD COLUMN shows_history boolean NOT NULL DEFAULT false;
UPDATE social.chatroom_members AS m SET shows_history = true
FROM social.chatrooms AS c
WHERE c.id = m.chatroom_id AND (c.type = 'direct' OR m.joined_at <= c.created_at + interval '1 second');
CREATE INDEX changes_age ON social.changes (created_at);

CREATE INDEX audit_at ON social.audit (at);
-- Rows of the audit are never changed. They may be removed once they are old: never before 30 days have passed, whoever asks.
DROP TRIGGER audit_append_only ON social.audit;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR TRUNCATE ON social.audit
    FOR EACH STATEMENT EXECUTE FUNCTION social.refuse_change();
CREATE FUNCTION social.refuse_early_removal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.at > clock_timestamp() - interval '30 days' THEN
        RAISE EXCEPTION 'rows of % are kept for 30 days', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER audit_kept BEFORE DELETE ON social.audit
    FOR EACH ROW EXECUTE FUNCTION social.refuse_early_removal();
