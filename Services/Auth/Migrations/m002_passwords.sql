-- Counts the passwords that this user has had: a sign-in that has checked an older one begins no session. A new hash of
-- the same password does not count.
ALTER TABLE auth.users ADD COLUMN password_version integer NOT NULL DEFAULT 1;

-- What happened to accounts: written with what it tells of, in the same transaction, and never changed.
-- Without foreign keys, as it outlives what it tells of.
CREATE TABLE auth.audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    action text NOT NULL,
    user_id bigint NOT NULL,
    session_id uuid,
    address text
);
CREATE INDEX audit_user ON auth.audit (user_id, id DESC);

CREATE FUNCTION auth.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON auth.audit
    FOR EACH STATEMENT EXECUTE FUNCTION auth.refuse_change();
