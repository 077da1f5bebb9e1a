-- What people report to the operators: somebody, or something somebody has said.
CREATE TABLE social.reports (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reporter_id bigint NOT NULL,
    -- Who is reported: of a message, who sent it.
    user_id bigint NOT NULL,
    -- Of a message.
    chatroom_id bigint,
    seq bigint,
    -- As it stood there when it was reported; it may be recalled since.
    content text,
    reason text NOT NULL,
    status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'taken', 'resolved', 'dismissed')),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- The operator who has changed the status last, when, and what they say to it.
    handled_by text,
    handled_at timestamptz,
    note text,
    -- The Idempotency-Key under which it was made.
    creation_key uuid,
    CHECK ((chatroom_id IS NULL) = (seq IS NULL)),
    UNIQUE (reporter_id, creation_key)
);
CREATE INDEX reports_queue ON social.reports (status, id);
CREATE INDEX reports_quota ON social.reports (reporter_id, created_at DESC);
-- The same thing is not reported twice by one person while it waits.
CREATE UNIQUE INDEX reports_waiting
    ON social.reports (reporter_id, user_id, COALESCE(chatroom_id, 0), COALESCE(seq, 0))
    WHERE status IN ('open', 'taken');

-- What operators did: written with what it tells of, in the same transaction, and never changed.
CREATE TABLE social.audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    operator text NOT NULL,
    action text NOT NULL,
    user_id bigint,
    chatroom_id bigint,
    report_id bigint,
    note text
);
CREATE FUNCTION social.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON social.audit
    FOR EACH STATEMENT EXECUTE FUNCTION social.refuse_change();
